// Undo geomvision/report/maps.py: base64 → inflate → join bytes → sum along rows → values with NaN gaps.

function bytesOf(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

async function inflate(text) {
  const stream = new Blob([bytesOf(text)]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** A map as one Float32Array for each plane. */
async function decodeMap(map, width, height) {
  const bytes = await inflate(map.data);
  const size = width * height;
  const half = map.planes * size;
  const planes = [];
  for (let plane = 0; plane < map.planes; plane++) {
    const values = new Float32Array(size);
    for (let y = 0; y < height; y++) {
      let code = 0;
      for (let x = 0; x < width; x++) {
        const i = plane * size + y * width + x;
        code = (code + (bytes[i] << 8) + bytes[half + i]) & 0xffff;
        values[y * width + x] = code === 0 ? NaN : map.low + (code - 1) * map.step;
      }
    }
    planes.push(values);
  }
  return planes;
}

async function decodeMask(text, size) {
  const bytes = await inflate(text);
  const mask = new Uint8Array(size);
  for (let i = 0; i < size; i++) mask[i] = (bytes[i >> 3] >> (7 - (i & 7))) & 1;
  return mask;
}

function loadImage(src) {
  return new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = () => reject(new Error("an image of this report cannot be decoded"));
    image.src = src;
  });
}
