"""Links that show others one explanation or study as it was: given, opened, read, listed, taken back."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Mapping
from functools import cache
from typing import Any, get_args

from app import comparison, concepts, notes, painting, tiles, uploads
from app.access.identity import Identity
from app.comparison import Tile
from app.concepts import BLOBS
from app.description import describe, judged, labels, names, rival, unedited
from app.examples import EXAMPLES
from app.failures import RequestError
from app.jobs.asking import question_of
from app.jobs.spec import ConceptSpec, JobSpec, spec_from
from app.service import Service, found, minted
from app.sets.standing import named
from app.storage.assets import OwnedAsset
from app.storage.concepts import Concepts, Part
from app.storage.explanations import Explanation
from app.storage.runs import Run
from app.storage.shares import Kind, Share
from app.uploads import Asset
from app.views.names import title
from app.views.samples import SAMPLES
from models.card import Kind as Input

DAY = 24 * 3600.0
DAYS = (1, 90)
MOST = 200  # live links of one user
BYTES = 32  # of randomness in a token: twice what nobody can guess
SAFETENSORS = PLANES = "application/octet-stream"
EDITS = 20  # of an explanation that a link shows
MEDIA: Mapping[Input, str] = {"image": "image/png", "text": "text/plain; charset=utf-8"}


def give_explanation(desk: Service, owner: str, id: str, days: int) -> tuple[Share, str]:
    """The share, and the token that opens it, which nobody can be told again."""
    explanation = desk.explanation(owner, id)
    shown = describe(desk, explanation)
    if shown["result"] is None:
        raise RequestError(f"An explanation is shared when it is done; this one is {shown['progress']['state']}.")
    asset, run = desk.asset(owner, explanation.asset), desk.run(explanation)
    assert run.result is not None
    media = MEDIA[run.spec.kind]
    judgement = desk.judgement(explanation)
    judgement = judgement if judgement and judgement.state == "done" else None
    label, against = labels(run.look)[explanation.view["target"]], rival(shown)
    own = names(desk, owner, run.spec.kind)
    beside = _beside(desk, owner, explanation, own)
    snapshot = shown | {
        "title": f"Why {label}{f' and not {against}' if against else ''}? {title(run.spec.method)} on {asset.name}",
        "view": {"target": explanation.view["target"]},
        "asset": asset.sha256,
        "name": asset.name,
        "input": run.input,
        "maps": run.result["blobs"],
        "called": own.get(run.spec.model),
        "judgement": judgement and judged(desk, judgement),
        "compare": beside,
        "notes": notes.of_explanation(desk, owner, id),
        "edits": _edits(desk, explanation, run),
    }
    parts = dict.fromkeys([*run.result["blobs"].values(), *(tile["map"] for tile in beside["tiles"])], SAFETENSORS)
    parts |= dict.fromkeys([asset.sha256, run.input, *(tile["input"] for tile in beside["tiles"])], media)
    parts |= dict.fromkeys([each["planes"] for each in (snapshot["edits"] or {}).get("revisions", ())], PLANES)
    return _give(desk, owner, "explanation", snapshot, parts, days)


def give_concepts(desk: Service, owner: str, id: str, days: int) -> tuple[Share, str]:
    """As above. Pictures of the class are shown as the model sees them, and no others."""
    study = concepts.get(desk, owner, id)
    shown, run = concepts.describe(desk, study), concepts.run_of(desk, study)
    if run.result is None:
        raise RequestError(f"Concepts are shared when they are found; this study is {run.state}.")
    made = run.result["blobs"]
    pictures = [made[f"image-{i}"] for i in range(len(run.result["images"]))]
    snapshot = shown | {
        "title": f"What {run.spec.model} sees in {study.name}: {run.result['label']}",
        "blobs": {name: made[name] for name in BLOBS if name in made},
        "pictures": pictures,
        "notes": notes.of_study(desk, owner, id),
    }
    parts = {sha256: concepts.MEDIA.get(name, SAFETENSORS) for name, sha256 in snapshot["blobs"].items()}
    return _give(desk, owner, "concepts", snapshot, parts | dict.fromkeys(pictures, "image/webp"), days)


def redeem(desk: Service, token: str) -> Share | None:
    """What a token opens; None for one that is unknown, over or taken back."""
    return desk.store.shares.redeem(_hash(token))


def get(desk: Service, who: Identity, id: str) -> Share:
    """Live, and opened in this browser or the user's own: looked up anew each time."""
    share = desk.store.shares.get(minted(id))
    seen = share is not None and (share.id in who.shares or share.owner == who.owner)
    return found(share if seen else None, "link")


def describe_share(share: Share) -> dict[str, Any]:
    """All that a recipient needs to draw it, in the shape of what was shared. Addresses are relative to the root."""
    shown = {"notes": [], "edits": None, **share.snapshot}  # those given by an earlier version have none
    about = {"id": share.id, "kind": shown["kind"], "created": share.created, "expires": share.expires}
    if share.kind == "concepts":
        return (
            shown
            | about
            | {
                "blobs": {name: _at(share, sha256) for name, sha256 in shown["blobs"].items()},
                "pictures": [_at(share, sha256) for sha256 in shown["pictures"]],
            }
        )
    beside = shown["compare"]
    kept = [each | {"planes": _at(share, each["planes"])} for each in (shown["edits"] or {}).get("revisions", ())]
    laid = [tile | {part: _at(share, tile[part]) for part in ("input", "map")} for tile in beside["tiles"]]
    return (
        shown
        | about
        | {
            "asset": _at(share, shown["asset"]),
            "input": _at(share, shown["input"]),
            "maps": {target: _at(share, sha256) for target, sha256 in shown["maps"].items()},
            "compare": beside | {"tiles": laid},
            "edits": shown["edits"] and shown["edits"] | {"revisions": kept},
        }
    )


def blob(desk: Service, who: Identity, id: str, sha256: str) -> tuple[str, bytes]:
    """(media type, bytes) of a part that the share lists. Knowing a hash gives nothing else."""
    return found(desk.store.shares.blob(get(desk, who, id).id, minted(sha256)), "part")


def listed(desk: Service, owner: str) -> list[dict[str, Any]]:
    """The user's links, the newest first; the tokens are not known any more."""
    now = time.time()
    return [
        {
            "id": share.id,
            "kind": share.kind,
            "title": share.snapshot["title"],
            "created": share.created,
            "expires": share.expires,
            "state": share.state(now),
        }
        for share in desk.store.shares.of(owner)
    ]


def revoke(desk: Service, owner: str, id: str) -> None:
    """The link leads nowhere from now on; whoever looks at it is cut off within seconds."""
    if not desk.store.shares.revoke(owner, minted(id)):
        found(None, "link")


def copy(desk: Service, who: Identity, id: str) -> Explanation | Concepts:
    """The same question about the same input, as the visitor's own. Raises RequestError where it cannot be asked."""
    share = get(desk, who, id)
    owner = found(who.owner, "link")
    return _copied_study(desk, owner, share) if share.kind == "concepts" else _copied(desk, who, owner, share)


def can_copy(desk: Service, share: Share) -> bool:
    """A study only of pictures that are there for everybody: others are not part of its link."""
    return share.kind == "explanation" or named(desk.settings.image_sets, share.snapshot["set"]["id"]) is not None


def _copied_study(desk: Service, owner: str, share: Share) -> Concepts:
    """With the names that were shared."""
    if not can_copy(desk, share):
        raise RequestError("This study cannot be copied: its pictures are somebody's own, and not part of the link.")
    shown = share.snapshot
    spec = spec_from(shown["spec"])
    assert isinstance(spec, ConceptSpec), "studies point to runs of their own kind"
    study = concepts.ask(desk, owner, shown["set"]["id"], question_of(spec))
    for part in get_args(Part):
        for number, called in shown["view"].get(part, {}).items():
            desk.store.concepts.call(owner, study.id, part, int(number), called["name"], called["suspicious"])
    return concepts.get(desk, owner, study.id)


def _copied(desk: Service, who: Identity, owner: str, share: Share) -> Explanation:
    id, shown = share.id, share.snapshot
    _, data = blob(desk, who, id, shown["asset"])
    kept = Asset.of_png(data) if shown["kind"] == "image" else uploads.accept_text(data.decode(), len(data))
    asset = desk.store.assets.put(owner, kept, shown["name"])
    spec = spec_from(shown["spec"])
    assert isinstance(spec, JobSpec), "explanations point to runs of their own kind"
    return desk.ask(owner, asset.id, spec.question(shown["view"]["target"]))


def is_upload(desk: Service, shown: OwnedAsset | Concepts) -> bool:
    """Whether sharing it shows others something that the user has sent in."""
    if isinstance(shown, Concepts):
        return named(desk.settings.image_sets, shown.image_set) is None
    return shown.sha256 not in _examples()


@cache
def _examples() -> frozenset[str]:
    pictures = (uploads.accept(e.read(), 10**9, 10**9).sha256 for e in EXAMPLES.values())
    texts = (hashlib.sha256(sample.text.encode()).hexdigest() for sample in SAMPLES)
    return frozenset((*pictures, *texts))


def _give(
    desk: Service, owner: str, kind: Kind, snapshot: dict[str, Any], parts: Mapping[str, str], days: int
) -> tuple[Share, str]:
    if not DAYS[0] <= days <= DAYS[1]:
        raise RequestError(f"days must lie in [{DAYS[0]}, {DAYS[1]}]; got {str(days)[:20]}")
    if desk.store.shares.count(owner) >= MOST:
        raise RequestError(f"You have {MOST} links that work, which is the limit; take one back first.")
    token = secrets.token_urlsafe(BYTES)
    return desk.store.shares.put(owner, _hash(token), kind, snapshot, parts, days * DAY), token


def _edits(desk: Service, explanation: Explanation, run: Run[JobSpec]) -> dict[str, Any] | None:
    """The newest that were kept, each with what the model answers to it; None where there are none."""
    kept = desk.store.revisions.of(explanation.id)[:EDITS]
    if not kept:
        return None
    told = [
        painting.told(each) | {"planes": each.sha256, "probabilities": painting.answered(desk, run, each)}
        for each in kept
    ]
    for each in told:
        del each["author"], each["parent"]
    return unedited(run.look) | {"revisions": told}


def _beside(desk: Service, owner: str, explanation: Explanation, own: Mapping[str, str]) -> dict[str, Any]:
    """The finished maps that lie beside it, and how far they agree."""
    laid = [tile for tile in comparison.tiles(desk, owner, explanation) if tile.run.result is not None]
    if len(laid) < 2:
        return {"tiles": [], "agreement": None}
    drawn = [part | _parts(tile) for part, tile in zip(tiles.drawn(desk, laid, own), laid, strict=True)]
    return {"tiles": drawn, "agreement": comparison.agreement(desk, owner, laid)}


def _parts(tile: Tile) -> dict[str, str]:
    assert tile.run.result is not None
    return {"input": tile.run.input, "map": tile.run.result["blobs"][str(tile.target)]}


def _at(share: Share, sha256: str) -> str:
    return f"shares/{share.id}/blobs/{sha256}"


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
