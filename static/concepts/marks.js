// Colour and shape by which a concept or strategy is known everywhere on the page: both, so that neither is needed alone.

// Each covers about the area of a circle of radius r. Their number shares no factor with that of the colours, so
// neighbours differ in both and no pair comes back before all have been used.
const POLYGONS = {
  square: corners(4, 1.25, 45),
  triangle: corners(3, 1.5, -90),
  diamond: corners(4, 1.3, 0),
  cross: arms(1.12, 0.42),
  wedge: corners(3, 1.5, 90),
  hexagon: corners(6, 1.12, 0),
};
export const SHAPES = ["circle", ...Object.keys(POLYGONS)];
export const GREY = { shape: "circle", colour: null }; // of pictures that belong to no strategy

// Concepts count from the front, strategies from the back: no key stands for one of each.
export function conceptMark(rank, colours) {
  return pair(rank, colours);
}

export function strategyMark(rank, colours) {
  return pair(SHAPES.length * colours.length - 1 - rank, colours);
}

function pair(i, colours) {
  const number = i % (SHAPES.length * colours.length);
  return { shape: SHAPES[number % SHAPES.length], colour: colours[number % colours.length] };
}

// SVG path data about zero.
export function outline(shape, r) {
  if (shape === "circle") return `M${-r} 0A${r} ${r} 0 1 1 ${r} 0A${r} ${r} 0 1 1 ${-r} 0Z`;
  return `M${POLYGONS[shape].map(([x, y]) => `${(x * r).toFixed(2)} ${(y * r).toFixed(2)}`).join("L")}Z`;
}

export function css(colour) {
  return `rgb(${colour.join(" ")})`;
}

// What is drawn of a mark beside words that say the same.
export function icon({ shape, colour }, size = 16) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  const path = document.createElementNS(space, "path");
  for (const [name, value] of Object.entries({ viewBox: "-8 -8 16 16", width: size, height: size, class: "mark", "aria-hidden": "true" })) svg.setAttribute(name, value);
  path.setAttribute("d", outline(shape, 4.9));
  path.style.setProperty("--colour", css(colour));
  svg.append(path);
  return svg;
}

function corners(n, r, turn) {
  return Array.from({ length: n }, (_, i) => {
    const angle = ((turn + (360 * i) / n) * Math.PI) / 180;
    return [r * Math.cos(angle), r * Math.sin(angle)];
  });
}

function arms(r, half) {
  const quarter = [[half, -r], [half, -half], [r, -half]];
  return [0, 1, 2, 3].flatMap((turns) => quarter.map(([x, y]) => [[x, y], [-y, x], [-x, -y], [y, -x]][turns]));
}
