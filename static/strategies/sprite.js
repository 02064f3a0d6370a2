// Thumbnails: square tiles of one picture, row by row.

export const SIDE = 64; // pixels of a tile

export function columns(n) {
  return Math.ceil(Math.sqrt(n));
}

// Left and top of the i-th of n tiles.
export function tile(i, n) {
  const wide = columns(n);
  return [SIDE * (i % wide), SIDE * Math.floor(i / wide)];
}

// The style of an element of `side` pixels that shows the i-th tile.
export function style(url, i, n, side) {
  const [left, top] = tile(i, n);
  const scale = side / SIDE;
  return {
    backgroundImage: `url("${encodeURI(url)}")`,
    backgroundSize: `${columns(n) * side}px auto`,
    backgroundPosition: `${-left * scale}px ${-top * scale}px`,
    width: `${side}px`,
    height: `${side}px`,
  };
}
