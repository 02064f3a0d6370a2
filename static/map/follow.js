// A running explanation: progress as it comes, a coarse map whenever there is a new one, and the end.

import { read } from "./safetensors.js";

export function follow({ events, preview }, { onProgress, onPreview, onEnd }) {
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
    if (progress.preview > version) {
      version = progress.preview;
      const answer = await fetch(preview);
      // 404: the run ended between the two requests, and its end is the next event
      if (open && answer.ok) onPreview(read(await answer.arrayBuffer()));
    }
  });
  return close;
}
