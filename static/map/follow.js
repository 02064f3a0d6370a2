// A running job: progress as it comes, the newest preview whenever there is a new one, and the end.

// `decode` makes of the answer with the preview what `onPreview` is given; without an address there is none.
export function follow({ events, preview, decode }, { onProgress, onPreview, onEnd }) {
  const source = new EventSource(events);
  let version = 0;
  let open = true;
  const close = () => {
    open = false;
    source.close();
  };
  source.addEventListener("progress", async (event) => {
    const progress = JSON.parse(event.data);
    if (!["queued", "running"].includes(progress.state)) {
      close();
      onEnd(progress);
      return;
    }
    onProgress(progress);
    if (progress.preview < version) version = 0; // the job was interrupted and has begun again
    if (preview && progress.preview > version) {
      version = progress.preview;
      const answer = await fetch(preview);
      if (answer.status !== 200) return; // the run ended between the two requests, and its end is the next event
      const decoded = await decode(answer);
      if (open) onPreview(decoded);
    }
  });
  return close;
}
