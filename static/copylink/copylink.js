// The address of this explanation, into the clipboard; where the browser forbids that, selected for the user to copy.

const mounted = new WeakMap();

export default function ({ data, parentElement }) {
  let root = mounted.get(parentElement);
  if (!root) {
    root = document.createElement("div");
    root.innerHTML = `<button type="button">Copy link</button><input readonly hidden aria-label="Link">`;
    parentElement.append(root);
    mounted.set(parentElement, root);
  }
  const [button, input] = root.children;
  const url = new URL(data.path, window.location.origin).href;
  input.hidden = !data.shown;
  input.value = url;
  button.onclick = async () => {
    try {
      await navigator.clipboard.writeText(url);
      button.textContent = "Copied";
      setTimeout(() => (button.textContent = "Copy link"), 2000);
    } catch (error) {
      if (!(error instanceof DOMException || error instanceof TypeError)) throw error;
      input.hidden = false;
      input.select();
    }
  };
}
