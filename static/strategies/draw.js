// The graph on its canvas: groups as nodes from afar, pictures as points closer by, as thumbnails closer still.

import { css, outline } from "../whylens.concepts/marks.js";
import { projected } from "./layout.js";
import { SIDE, tile } from "./sprite.js";

const DIMMED = 0.28; // what is not chosen, beside what is
const PALE = 0.55; // a picture that is not chosen
const FAINT = 0.3; // points behind the groups
const RING = 5; // pixels

// Colours of the page, read anew for every drawing: the scheme may have changed.
export function inks(element) {
  const style = getComputedStyle(element);
  return Object.fromEntries(["text", "background", "border", "secondary", "alarm"].map((name) => [name, style.getPropertyValue(`--ink-${name}`).trim()]));
}

// scene: {images, groups: [{mark, members, node, suspicious}], edges, sprite, view, w, h, level, chosen: Set, group, at, lasso}
export function draw(context, scene, ink) {
  const { view, w, h, level } = scene;
  context.clearRect(0, 0, w, h);
  context.lineJoin = "round";
  const places = scene.images.map(({ x, y }) => projected(view, [x, y], w, h));
  if (level === "pictures") pictures(context, scene, places, ink);
  else points(context, scene, places, ink);
  if (level === "groups") groups(context, scene, ink);
  if (scene.at !== null) pointed(context, places[scene.at], level === "pictures" ? side(scene) / 2 : null, ink);
  if (scene.lasso) lasso(context, scene.lasso, ink);
  return places;
}

// Pixels of a thumbnail.
export function side({ images, view, w, h }) {
  const spacing = Math.sqrt((w * h) / Math.max(images.length, 1)) * view.zoom;
  return Math.min(Math.max(0.45 * spacing, 34), 80);
}

function strength({ chosen }, i) {
  return chosen.size && !chosen.has(i) ? DIMMED : 1;
}

function marked(scene, i) {
  return scene.groups[scene.images[i].cluster]?.mark ?? null;
}

// Filled where the model is right or nobody knows, hollow where it is wrong, grey in no strategy.
function stamp(context, [x, y], mark, wrong, r, ink) {
  const path = new Path2D(outline(mark?.shape ?? "circle", mark ? r : r * 0.8));
  const colour = mark ? css(mark.colour) : ink.border;
  context.save();
  context.translate(x, y);
  context.fillStyle = wrong ? ink.background : colour;
  context.fill(path);
  context.lineWidth = wrong ? 2.5 : 1;
  context.strokeStyle = wrong ? colour : ink.background;
  context.stroke(path);
  context.restore();
}

function points(context, scene, places, ink) {
  const far = scene.level === "groups";
  const r = far ? 3.5 : Math.min(9, 5 * scene.view.zoom ** 0.35);
  places.forEach((place, i) => {
    context.globalAlpha = strength(scene, i) * (far ? FAINT : 1);
    stamp(context, place, marked(scene, i), scene.images[i].right === false, r, ink);
  });
  context.globalAlpha = 1;
}

// The chosen last, so that they lie on top.
function pictures(context, scene, places, ink) {
  const { w, h, chosen } = scene;
  const size = side(scene);
  const seen = [...places.keys()].filter((i) => places[i][0] > -size && places[i][1] > -size && places[i][0] < w + size && places[i][1] < h + size);
  seen.sort((a, b) => chosen.has(a) - chosen.has(b));
  for (const i of seen) thumbnail(context, scene, places[i], i, size, ink);
}

function thumbnail(context, { images, groups: all, sprite, chosen }, [x, y], i, size, ink) {
  const mark = all[images[i].cluster]?.mark ?? null;
  const [left, top] = [x - size / 2, y - size / 2];
  if (chosen.has(i)) {
    context.fillStyle = ink.text;
    context.fillRect(left - 5, top - 5, size + 10, size + 10);
  }
  context.fillStyle = ink.background;
  context.fillRect(left - 3, top - 3, size + 6, size + 6);
  context.globalAlpha = chosen.size && !chosen.has(i) ? PALE : 1;
  context.drawImage(sprite, ...tile(i, images.length), SIDE, SIDE, left, top, size, size);
  context.globalAlpha = 1;
  context.lineWidth = 3;
  context.strokeStyle = mark ? css(mark.colour) : ink.border;
  context.strokeRect(left, top, size, size);
  const corner = [x + size / 2 - 2, y + size / 2 - 2];
  context.fillStyle = ink.background;
  circle(context, ...corner, 10);
  context.fill();
  stamp(context, corner, mark, images[i].right === false, 6, ink);
}

function groups(context, scene, ink) {
  const { view } = scene;
  const at = ({ x, y }) => [view.x + view.zoom * x, view.y + view.zoom * y];
  for (const { first, second, weight } of scene.edges) {
    context.strokeStyle = ink.text;
    context.globalAlpha = 0.45;
    context.lineWidth = 1.5 + 14 * Math.min(weight, 1);
    context.beginPath();
    context.moveTo(...at(scene.groups[first].node));
    context.lineTo(...at(scene.groups[second].node));
    context.stroke();
  }
  scene.groups.forEach((group, c) => {
    const [x, y] = at(group.node);
    const { r } = group.node;
    context.globalAlpha = scene.group !== null && scene.group !== c ? 0.55 : 1;
    mosaic(context, scene, group, x, y, r, ink);
    context.lineWidth = scene.group === c ? RING + 3 : RING;
    context.strokeStyle = css(group.mark.colour);
    circle(context, x, y, r);
    context.stroke();
    if (group.suspicious) {
      context.setLineDash([8, 6]);
      context.lineWidth = 3;
      context.strokeStyle = ink.alarm;
      circle(context, x, y, r + 9);
      context.stroke();
      context.setLineDash([]);
    }
    const [bx, by] = [x - r * Math.SQRT1_2, y - r * Math.SQRT1_2];
    context.fillStyle = ink.background;
    circle(context, bx, by, 14);
    context.fill();
    stamp(context, [bx, by], group.mark, false, 8.5, ink);
  });
  context.globalAlpha = 1;
}

// Its pictures in a circle, the most typical in the middle.
function mosaic(context, { images, sprite }, { members }, x, y, r, ink) {
  const wide = Math.max(1, Math.min(5, Math.floor(Math.sqrt(members.length))));
  const size = (2 * r) / wide;
  const cells = Array.from({ length: wide * wide }, (_, i) => [i % wide, Math.floor(i / wide)]);
  const away = ([a, b]) => (a - (wide - 1) / 2) ** 2 + (b - (wide - 1) / 2) ** 2;
  context.save();
  circle(context, x, y, r);
  context.fillStyle = ink.secondary;
  context.fill();
  context.clip();
  cells.sort((a, b) => away(a) - away(b)).forEach(([column, row], i) => {
    context.drawImage(sprite, ...tile(members[i], images.length), SIDE, SIDE, x - r + column * size, y - r + row * size, size + 0.5, size + 0.5);
  });
  context.restore();
}

function circle(context, x, y, r) {
  context.beginPath();
  context.arc(x, y, r, 0, 2 * Math.PI);
}

// What is pointed at: a ring about a point, a frame about a picture.
function pointed(context, [x, y], half, ink) {
  for (const [colour, width] of [[ink.background, 6], [ink.text, 2.5]]) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    if (half === null) context.arc(x, y, 12, 0, 2 * Math.PI);
    else context.rect(x - half - 4, y - half - 4, 2 * half + 8, 2 * half + 8);
    context.stroke();
  }
}

function lasso(context, line, ink) {
  context.beginPath();
  line.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.closePath();
  context.globalAlpha = 0.1;
  context.fillStyle = ink.text;
  context.fill();
  context.globalAlpha = 1;
  context.lineWidth = 2;
  context.strokeStyle = ink.text;
  context.setLineDash([6, 4]);
  context.stroke();
  context.setLineDash([]);
}
