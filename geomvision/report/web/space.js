// What is seen in space on a plain canvas: turn, zoom, keep the nearest. Who paints it says what there is.

class Space {
  /** `axis`: the pixel, from the principal point, that the view turns about; `centre`: the point there. */
  constructor(canvas, reset) {
    Object.assign(this, { canvas, yaw: -0.22, pitch: 0.1, distance: 1.1, pending: false });
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.last = event;
    });
    canvas.addEventListener("pointerup", () => (this.last = null));
    canvas.addEventListener("pointermove", (event) => {
      if (!this.last) return;
      this.yaw += (event.clientX - this.last.clientX) * 0.006;
      this.pitch = Math.max(-1.4, Math.min(1.4, this.pitch - (event.clientY - this.last.clientY) * 0.006));
      this.last = event;
      this.redraw();
    });
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.distance = Math.max(0.2, Math.min(4, this.distance * Math.exp(event.deltaY * 0.001)));
      this.redraw();
    }, { passive: false });
    reset.addEventListener("click", () => {
      Object.assign(this, { yaw: 0, pitch: 0, distance: 1 });
      this.redraw();
    });
    new ResizeObserver(() => this.redraw()).observe(canvas.parentElement);
  }

  redraw() {
    if (this.pending) return;
    this.pending = true;
    requestAnimationFrame(() => {
      this.pending = false;
      this.draw();
    });
  }

  draw() {
    const wide = Math.round(this.canvas.parentElement.clientWidth);
    const tall = Math.round(wide * 0.5);
    if (wide === 0) return;
    if (this.canvas.width !== wide || this.canvas.height !== tall) Object.assign(this.canvas, { width: wide, height: tall });
    const context = this.canvas.getContext("2d");
    const picture = context.createImageData(wide, tall);
    this.pixels = new Uint32Array(picture.data.buffer).fill(0xff1c1a18);
    this.nearest = new Float32Array(wide * tall).fill(Infinity);
    const { width, height } = this.frame;
    this.aim(wide, tall, Math.min(wide / width, tall / height));
    this.paint();
    context.putImageData(picture, 0, 0);
    this.over(context);
  }

  /** The view of this draw: `scale` is pixels of the canvas for one of the camera. */
  aim(wide, tall, scale) {
    const focal = scale * this.axis.focal;
    Object.assign(this, { wide, tall, scale, focal, far: this.centre[2] });
    this.focalDown = this.axis.skew * focal;
    this.middle = [wide / 2 - scale * this.axis.right, tall / 2 - scale * this.axis.down];
    this.turn = [Math.cos(this.yaw), Math.sin(this.yaw), Math.cos(this.pitch), Math.sin(this.pitch)];
  }

  /** Of points with `stride` numbers each: canvas x and y, and distance; a distance of 0 is behind the eye. */
  project(points, stride) {
    const count = points.length / stride;
    const [across, down, away] = [new Float32Array(count), new Float32Array(count), new Float32Array(count)];
    const [cosYaw, sinYaw, cosPitch, sinPitch] = this.turn;
    const [x0, y0, z0] = this.centre;
    const [u0, v0] = this.middle;
    for (let k = 0, i = 0; i < count; k += stride, i++) {
      const x = points[k] - x0;
      const y = points[k + 1] - y0;
      const z = points[k + 2] - z0;
      const turnedZ = sinYaw * x + cosYaw * z;
      const depth = sinPitch * y + cosPitch * turnedZ + z0 * this.distance;
      if (depth < 0.02 * z0) continue;
      across[i] = u0 + (this.focal * (cosYaw * x - sinYaw * z + x0 * this.distance)) / depth;
      down[i] = v0 + (this.focalDown * (cosPitch * y - sinPitch * turnedZ + y0 * this.distance)) / depth;
      away[i] = depth;
    }
    return { across, down, away };
  }

  /** A square of one colour, hidden by what is nearer. */
  dot(u, v, size, depth, color) {
    for (let row = Math.max(0, v); row < Math.min(this.tall, v + size); row++) {
      for (let column = Math.max(0, u); column < Math.min(this.wide, u + size); column++) {
        const at = row * this.wide + column;
        if (depth >= this.nearest[at]) continue;
        this.nearest[at] = depth;
        this.pixels[at] = color;
      }
    }
  }

  /** What is drawn over the picture, with the canvas's own lines. */
  over() {}
}
