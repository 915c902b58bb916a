// A mesh, or points, with a colour for each vertex, and the cameras that saw it.

class Surface extends Space {
  static async load(root, data) {
    const bytes = await inflate(data.data);
    return new Surface(root, data, bytes);
  }

  /** Undo geomvision/report/surfaces.py: coordinates of 16 bits, colours, corners of 32 bits, all as differences. */
  constructor(root, data, bytes) {
    super(root.querySelector(".space canvas"), root.querySelector(".reset"));
    const { vertices, triangles, low, step } = data;
    Object.assign(this, { data, frame: data.frame, centre: data.centre, axis: data.axis, shade: !data.colored });
    this.points = new Float32Array(3 * vertices);
    this.colors = new Uint32Array(vertices);
    for (let axis = 0; axis < 3; axis++) {
      const high = 2 * axis * vertices;
      for (let i = 0, code = 0; i < vertices; i++) {
        code = (code + (bytes[high + i] << 8) + bytes[high + vertices + i]) & 0xffff;
        this.points[3 * i + axis] = low[axis] + code * step;
      }
    }
    const paint = 6 * vertices;
    for (let i = 0; i < vertices; i++) {
      const [red, green, blue] = [0, 1, 2].map((channel) => bytes[paint + channel * vertices + i]);
      this.colors[i] = 0xff000000 | (blue << 16) | (green << 8) | red;
    }
    this.corners = new Uint32Array(3 * triangles);
    const count = 3 * triangles;
    for (let i = 0, code = 0, at = 9 * vertices; i < count; i++, at++) {
      code = (code + (bytes[at] << 24) + (bytes[at + count] << 16) + (bytes[at + 2 * count] << 8) + bytes[at + 3 * count]) | 0;
      this.corners[i] = code;
    }
    const button = root.querySelector("button.shade");
    button.hidden = triangles === 0;
    button.addEventListener("click", () => {
      this.shade = !this.shade;
      button.setAttribute("aria-pressed", String(this.shade));
      this.redraw();
    });
    this.redraw();
  }

  paint() {
    const seen = this.project(this.points, 3);
    if (this.corners.length === 0) {
      const { across, down, away } = seen;
      const size = this.data.spacing * this.focal;
      for (let i = 0; i < away.length; i++) {
        if (away[i] === 0) continue;
        const side = Math.min(6, Math.max(1, Math.ceil(size / away[i])));
        this.dot(Math.round(across[i]), Math.round(down[i]), side, away[i], this.colors[i]);
      }
    }
    for (let k = 0; k < this.corners.length; k += 3) this.fill(seen, this.corners[k], this.corners[k + 1], this.corners[k + 2]);
  }

  /** One triangle: colour and 1/distance are linear on the canvas, well enough for colours of small triangles. */
  fill({ across, down, away }, a, b, c) {
    if (away[a] === 0 || away[b] === 0 || away[c] === 0) return;
    const [xa, ya, xb, yb, xc, yc] = [across[a], down[a], across[b], down[b], across[c], down[c]];
    const top = Math.max(0, Math.ceil(Math.min(ya, yb, yc)));
    const bottom = Math.min(this.tall - 1, Math.floor(Math.max(ya, yb, yc)));
    const left = Math.max(0, Math.ceil(Math.min(xa, xb, xc)));
    const right = Math.min(this.wide - 1, Math.floor(Math.max(xa, xb, xc)));
    const area = (xb - xa) * (yc - ya) - (xc - xa) * (yb - ya);
    if (top > bottom || left > right || Math.abs(area) < 1e-6) return;
    const [ia, ib, ic] = [1 / away[a], 1 / away[b], 1 / away[c]];
    const light = this.shade ? this.lit(a, b, c) : 0;
    const [ca, cb, cc] = [this.colors[a], this.colors[b], this.colors[c]];
    for (let y = top; y <= bottom; y++) {
      for (let x = left; x <= right; x++) {
        const wb = ((x - xa) * (yc - ya) - (xc - xa) * (y - ya)) / area;
        const wc = ((xb - xa) * (y - ya) - (x - xa) * (yb - ya)) / area;
        const wa = 1 - wb - wc;
        if (wa < 0 || wb < 0 || wc < 0) continue;
        const depth = 1 / (wa * ia + wb * ib + wc * ic);
        const at = y * this.wide + x;
        if (depth >= this.nearest[at]) continue;
        this.nearest[at] = depth;
        this.pixels[at] = light || mixed(ca, cb, cc, wa, wb, wc);
      }
    }
  }

  /** Grey by how squarely the triangle faces the eye. */
  lit(a, b, c) {
    const p = this.points;
    const [ux, uy, uz] = [0, 1, 2].map((k) => p[3 * b + k] - p[3 * a + k]);
    const [vx, vy, vz] = [0, 1, 2].map((k) => p[3 * c + k] - p[3 * a + k]);
    const [nx, ny, nz] = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
    const [cosYaw, sinYaw, cosPitch, sinPitch] = this.turn;
    const facing = Math.abs(sinPitch * ny + cosPitch * (sinYaw * nx + cosYaw * nz)) / (Math.hypot(nx, ny, nz) || 1);
    const grey = Math.round(50 + 190 * facing);
    return (0xff000000 | (grey << 16) | (grey << 8) | grey) >>> 0;
  }

  /** The cameras as pyramids; the first in the accent's colour. */
  over(context) {
    const { across, down, away } = this.project(Float32Array.from(this.data.cameras.flat(2)), 3);
    for (let k = 0; k < away.length; k += 5) {
      context.strokeStyle = k === 0 ? "#4fd1c0" : "#ffffff90";
      context.beginPath();
      for (const [i, j] of [[0, 1], [0, 2], [0, 3], [0, 4], [1, 2], [2, 3], [3, 4], [4, 1]]) {
        if (away[k + i] === 0 || away[k + j] === 0) continue;
        context.moveTo(across[k + i], down[k + i]);
        context.lineTo(across[k + j], down[k + j]);
      }
      context.stroke();
    }
  }
}

function mixed(a, b, c, wa, wb, wc) {
  const red = wa * (a & 255) + wb * (b & 255) + wc * (c & 255);
  const green = wa * ((a >> 8) & 255) + wb * ((b >> 8) & 255) + wc * ((c >> 8) & 255);
  const blue = wa * ((a >> 16) & 255) + wb * ((b >> 16) & 255) + wc * ((c >> 16) & 255);
  return (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
}
