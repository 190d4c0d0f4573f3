// Called before a page's own scripts run: `firstChart` becomes a promise of the milliseconds from
// the navigation to the first frame after two lines were drawn: two colours of one canvas, or two
// canvases, or two SVG paths, each of `least` points or more and within such an element of the page.
({ within, least, longest }) => {
  const points = new WeakMap(); // of the path that a canvas or a Path2D is at
  const drawn = new Map(); // the lines of each canvas or SVG path

  let tell;
  window.firstChart = new Promise((resolve, reject) => {
    tell = resolve;
    setTimeout(() => reject(new Error("no chart was drawn")), longest);
  });
  const look = () => {
    const lines = [...drawn].flatMap(([element, those]) =>
      element.isConnected && element.closest(within) ? [...those] : [],
    );
    if (lines.length >= 2) tell(performance.now());
  };
  const draw = (element, line, count) => {
    if (!(count >= least)) return;
    drawn.set(element, (drawn.get(element) ?? new Set()).add(line));
    requestAnimationFrame(() => setTimeout(look));
  };
  const before = (prototype, name, extra) => {
    const original = prototype[name];
    prototype[name] = function (...given) {
      extra(this, ...given);
      return original.apply(this, given);
    };
  };

  for (const { prototype } of [CanvasRenderingContext2D, Path2D])
    for (const name of ["lineTo", "bezierCurveTo", "rect"])
      before(prototype, name, (path) => points.set(path, (points.get(path) ?? 0) + 1));
  const context = CanvasRenderingContext2D.prototype;
  before(context, "beginPath", (path) => points.set(path, 0));
  for (const [name, style] of [["stroke", "strokeStyle"], ["fill", "fillStyle"]])
    before(context, name, (on, path) =>
      draw(on.canvas, String(on[style]), points.get(path instanceof Path2D ? path : on)),
    );
  before(Element.prototype, "setAttribute", (element, name, value) => {
    if (name === "d") draw(element, "d", String(value).match(/-?[\d.]+[ ,]-?[\d.]+/g)?.length);
  });
}
