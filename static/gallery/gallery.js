// Pictures to choose from.

const mounted = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  let group = mounted.get(parentElement);
  if (!group) {
    group = document.createElement("div");
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", "Examples");
    parentElement.append(group);
    mounted.set(parentElement, group);
  }
  const shown = [...group.children].map((tile) => tile.dataset.name).join();
  if (shown !== data.pictures.map((picture) => picture.name).join()) {
    group.replaceChildren(...data.pictures.map((picture) => tile(picture)));
  }
  for (const button of group.children) {
    button.onclick = () => setTriggerValue("chosen", button.dataset.name);
    button.setAttribute("aria-pressed", String(button.dataset.name === data.chosen));
  }
}

function tile({ name, title, note, image }) {
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.name = name;
  button.title = note;
  const picture = document.createElement("img");
  picture.src = image;
  picture.alt = "";
  picture.loading = "lazy";
  const caption = document.createElement("span");
  caption.textContent = title;
  button.append(picture, caption);
  return button;
}
