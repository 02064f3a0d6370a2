// The safetensors format: eight bytes of header length, a JSON header, then the tensors. Float32 is all we send.

export function read(buffer) {
  const length = Number(new DataView(buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  const tensors = {};
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    if (entry.dtype !== "F32") throw new TypeError(`tensor ${name} must be F32; got ${entry.dtype}`);
    const [start, end] = entry.data_offsets;
    const bytes = buffer.slice(8 + length + start, 8 + length + end); // a copy: offsets need not be multiples of four
    tensors[name] = { shape: entry.shape, values: new Float32Array(bytes) };
  }
  return tensors;
}
