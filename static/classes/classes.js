// The classes read from one run: a probability each, and a click to see that class's map.

import { percent } from "../whylens.map/scale.js"; // components are served beside each other under their full names

const mounted = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  let list = mounted.get(parentElement);
  if (!list) {
    list = document.createElement("ol");
    parentElement.append(list);
    mounted.set(parentElement, list);
  }
  const focused = list.contains(parentElement.activeElement) ? parentElement.activeElement.dataset.target : null;
  list.setAttribute("aria-label", "Classes, likeliest first");
  list.replaceChildren(...data.classes.map((entry) => row(entry, data.target, setTriggerValue)));
  if (focused !== null) list.querySelector(`[data-target="${focused}"]`)?.focus();
}

function row({ target, label, probability }, chosen, setTriggerValue) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.target = target;
  button.setAttribute("aria-pressed", String(target === chosen));
  button.addEventListener("click", () => setTriggerValue("target", target));
  const bar = document.createElement("span");
  bar.className = "bar";
  bar.style.width = `${100 * probability}%`;
  button.append(bar, span("label", label), span("probability", percent(probability)));
  item.append(button);
  return item;
}

function span(name, text) {
  const part = document.createElement("span");
  part.className = name;
  part.textContent = text; // labels may be anybody's: never markup
  return part;
}
