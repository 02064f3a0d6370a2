// The files of what was dropped: those of folders too, each with its path, since a folder's name is a label.

// entries: FileSystemEntry of a drop → [{file, path}]
export async function gathered(entries) {
  const found = await Promise.all(entries.map((entry) => walked(entry)));
  return found.flat();
}

async function walked(entry) {
  if (entry.isFile) return [{ file: await new Promise((resolve, reject) => entry.file(resolve, reject)), path: entry.fullPath.replace(/^\//, "") }];
  const reader = entry.createReader();
  const inside = [];
  for (let part; (part = await new Promise((resolve, reject) => reader.readEntries(resolve, reject))).length; ) inside.push(...part); // a hundred at a time
  return gathered(inside);
}

// Of an <input>: a folder's files know their path.
export function picked(files) {
  return [...files].map((file) => ({ file, path: file.webkitRelativePath || file.name }));
}

// What the set is called: the folder all came from, the archive, or the first picture and how many more.
export function named(files) {
  const tops = new Set(files.map(({ path }) => path.split("/")[0]));
  const folder = tops.size === 1 && files[0].path.includes("/");
  const name = folder ? [...tops][0] : files.length === 1 ? files[0].path.replace(/\.[^.]*$/, "") : `${files.length} pictures`;
  return name.slice(0, 80) || "pictures";
}

export function bytes(n) {
  return n < 1e6 ? `${Math.ceil(n / 1e3)} kB` : `${(n / 1e6).toFixed(1)} MB`;
}
