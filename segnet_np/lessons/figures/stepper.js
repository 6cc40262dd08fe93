// The stepper: max-pooling, unpooling and the backward passes of both, one window at a time.
// First the numbers, then the words, which both run anywhere; from `mount` on the page. No dependencies.
// Names and conventions are those of segnet_np: offset 0 1 / 2 3, flat = row * W + column.

// ---------------------------------------------------------------- numbers

/** How many windows fit along n pixels. */
export const pooledSize = (n, ceilMode) => Math.floor((n + (ceilMode ? 1 : 0)) / 2);

const filled = (h, w, value) => Array.from({ length: h }, () => Array(w).fill(value));

/** y and offsets of a map x; each window says which cells it has and at which place its maximum stood. */
export function maxPool(x, ceilMode) {
  const [h, w] = [x.length, x[0].length];
  const [ph, pw] = [pooledSize(h, ceilMode), pooledSize(w, ceilMode)];
  const [y, offsets, flat] = [filled(ph, pw, 0), filled(ph, pw, 0), filled(ph, pw, 0)];
  const windows = [];
  for (let i = 0; i < ph; i++) {
    for (let j = 0; j < pw; j++) {
      // With ceilMode the last window may hang over the edge: only the cells that exist count.
      const cells = [[2 * i, 2 * j], [2 * i, 2 * j + 1], [2 * i + 1, 2 * j], [2 * i + 1, 2 * j + 1]]
        .filter(([r, c]) => r < h && c < w);
      let place = cells[0];
      for (const [r, c] of cells) {
        if (x[r][c] > x[place[0]][place[1]]) place = [r, c]; // a tie stays with the first
      }
      const [r, c] = place;
      y[i][j] = x[r][c];
      offsets[i][j] = 2 * (r - 2 * i) + (c - 2 * j);
      flat[i][j] = r * w + c;
      windows.push({ i, j, cells, place });
    }
  }
  return { y, offsets, flat, windows };
}

/** Zeros, and each y where its maximum stood. The backward of pooling is the same, with dy for y. */
export function maxUnpool(y, flat, h, w) {
  const out = filled(h, w, 0);
  y.forEach((row, i) => row.forEach((value, j) => {
    const at = flat[i][j];
    out[Math.floor(at / w)][at % w] = value;
  }));
  return out;
}

/** The gradient of y: what dout holds where the values were put. */
export function maxUnpoolBackward(dout, flat) {
  const w = dout[0].length;
  return flat.map((row) => row.map((at) => dout[Math.floor(at / w)][at % w]));
}

export const maxPoolBackward = maxUnpool;

/** All maps of one pass forward and backward. */
export function run(x, dout, ceilMode) {
  const [h, w] = [x.length, x[0].length];
  const { y, offsets, flat, windows } = maxPool(x, ceilMode);
  const unpooled = maxUnpool(y, flat, h, w);
  const dy = maxUnpoolBackward(dout, flat);
  const dx = maxPoolBackward(dy, flat, h, w);
  const windowOf = filled(h, w, null); // stays null where floor mode drops a row or column
  for (const one of windows) for (const [r, c] of one.cells) windowOf[r][c] = one;
  return { h, w, x, y, offsets, flat, unpooled, dout, dy, dx, windows, windowOf, ceilMode };
}

/** A number that was typed: {value}, or {error} in words. */
export function parseValue(text) {
  const typed = text.trim().replace(/^\u2212/, "-");
  if (typed === "") return { error: "An empty cell holds no number" };
  if (/^[+-]?\d+,\d+$/.test(typed)) return { error: `Write ${typed.replace(",", ".")} with a point, not ${typed}` };
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(typed)) return { error: `“${text.trim()}” is not a number` };
  const value = Number(typed) + 0; // + 0 turns -0 into 0
  return Number.isFinite(value) ? { value } : { error: `${typed} is too large` };
}

/** A number in at most five characters; cells are small. */
export function short(value) {
  if (String(value).length <= 5) return String(value);
  for (let digits = 5; digits > 0; digits--) {
    const text = String(Number(value.toPrecision(digits)));
    if (text.length <= 5) return text;
  }
  return value.toExponential(0).replace("e+", "e");
}

/** An upstream gradient to begin with: tenths, no zeros, both signs. */
export function exampleGradient(h, w) {
  const tenth = (r, c) => ((7 * r + 5 * c + 3) % 18) - 9;
  return filled(h, w, 0).map((row, r) => row.map((_, c) => (tenth(r, c) < 0 ? tenth(r, c) : tenth(r, c) + 1) / 10));
}

/** Whole numbers from -9 to 9, and tenths for the gradient. */
export function randomMaps(h, w, random = Math.random) {
  const draw = (from, to) => from + Math.floor(random() * (to - from + 1));
  const map = (make) => filled(h, w, 0).map((row) => row.map(make));
  return { x: map(() => draw(-9, 9)), dout: map(() => draw(1, 9) * (random() < 0.5 ? -1 : 1) / 10) };
}

export const EXAMPLES = {
  "6x6": [
    [3, 1, 0, 2, 5, 4], [2, 7, 8, 1, 3, 2], [0, 4, 2, 6, 1, 9],
    [1, 2, 5, 3, 0, 4], [6, 2, 1, 3, 2, 0], [5, 3, 4, 9, 7, 1],
  ],
  "one window: 2x2": [[1, 2], [3, 4]],
  "odd: 5x5": [[3, 1, 0, 2, 5], [2, 7, 8, 1, 3], [0, 4, 2, 6, 1], [1, 2, 5, 3, 8], [6, 2, 1, 9, 4]],
  "odd: 7x5": [
    [4, 1, 0, 3, 6], [2, 8, 5, 1, 2], [7, 3, 2, 9, 1], [0, 5, 4, 6, 8],
    [1, 2, 7, 0, 3], [6, 4, 3, 5, 9], [3, 9, 1, 8, 5],
  ],
  "ties": [
    [5, 5, 1, 4, 0, 0], [2, 1, 4, 2, 0, 0], [3, 8, 6, 6, 2, 7],
    [8, 1, 6, 6, 7, 7], [1, 9, 4, 3, 5, 2], [9, 9, 3, 4, 1, 5],
  ],
  "negatives": [
    [-3, -1, 2, -4, -6, -5], [-2, -7, -8, -1, -9, -3], [4, -4, -2, -6, 1, -9],
    [-1, 0, -5, -3, 0, -4], [-6, -2, -1, 3, -2, -8], [-5, -3, -4, -9, -7, -1],
  ],
};

// ---------------------------------------------------------------- words

/** In the order of the computation; map by map, what each phase reads and writes. */
export const PHASES = [
  { name: "pool", title: "Pool", reads: "x", by: null, writes: ["y", "offsets"] },
  { name: "unpool", title: "Unpool", reads: "y", by: "offsets", writes: ["unpooled"] },
  { name: "unpool_backward", title: "Backward of unpool", reads: "dout", by: "offsets again", writes: ["dy"] },
  { name: "pool_backward", title: "Backward of pool", reads: "dy", by: "offsets again", writes: ["dx"] },
];
const SMALL = ["y", "dy", "offsets", "offsets again"]; // maps with a cell a window
const CORNERS = ["top left", "top right", "bottom left", "bottom right"];
const COUNTS = ["", "one", "two", "three"];

const at = (name, [i, j]) => `${name}[${i}, ${j}]`;
/** A number in a sentence: six digits are plenty. */
const spoken = (value) => String(Number(value.toPrecision(6)));
const whole = (map, name, cell) => `${at(name, cell)} = ${spoken(map[cell[0]][cell[1]])}`;

export const stepCount = (m) => 4 * m.windows.length;

/** Where step s is: its phase, its window, and how many windows each phase has done. Step 0 is before all. */
export function position(m, step) {
  const count = m.windows.length;
  const phase = step === 0 ? -1 : Math.floor((step - 1) / count);
  const done = PHASES.map((_, p) => Math.max(0, Math.min(count, step - p * count)));
  return { phase, window: step === 0 ? null : m.windows[(step - 1) % count], done };
}

/** What step s lights: [map, row, column, kind], and the flights of values from cell to cell. */
export function lights(m, step) {
  const { phase, window: one } = position(m, step);
  if (phase < 0) return { lit: [], flights: [] };
  const { reads, by, writes } = PHASES[phase];
  const small = [one.i, one.j];
  const where = (name) => (SMALL.includes(name) ? small : one.place);
  const big = phase === 0 || phase === 2 ? reads : writes[0];
  const lit = one.cells.map((cell) => [big, ...cell, "window"]);
  lit.push([reads, ...where(reads), "from"]);
  if (by) lit.push([by, ...small, "by"]);
  for (const name of writes) lit.push([name, ...where(name), "to"]);
  return { lit, flights: [[[reads, ...where(reads)], [writes[0], ...where(writes[0])]]] };
}

/** What is dropped in floor mode: "the last row", "the last column", both, or nothing. */
export function dropped(m) {
  const row = m.windowOf[m.h - 1][0] === null;
  const column = m.windowOf[0][m.w - 1] === null;
  if (row && column) return "the last row and the last column";
  return row ? "the last row" : column ? "the last column" : "";
}

/** The sentence for step s. */
export function sentence(m, step) {
  const { phase, window: one } = position(m, step);
  if (phase < 0) {
    const left = dropped(m);
    return "Ready. Press “Step”: the first 2x2 window of x will be pooled."
      + (left ? ` No window covers ${left} of this odd size: floor mode drops it.` : "");
  }
  const small = [one.i, one.j];
  const [y, offsets, dy] = ["y", "offsets", "dy"].map((name) => at(name, small));
  const [x, unpooled, dx] = ["x", "unpooled", "dx"].map((name) => at(name, one.place));
  const top = m.y[one.i][one.j];
  const value = spoken(top);
  const offset = m.offsets[one.i][one.j];
  const [r, c] = one.place;
  const others = one.cells.length - 1;
  const text = [sayPool, sayUnpool, sayUnpoolBackward, sayPoolBackward][phase]();
  return `${PHASES[phase].title}, window (${small.join(", ")}): ${text}${step === stepCount(m) ? ending() : ""}`;

  /** Words about the other cells of the window, if it has any: for one, or for several. */
  function rest(forOne, forMore) {
    if (!others) return "";
    return others === 1 ? ` The other cell ${forOne}` : ` The other ${COUNTS[others]} ${forMore}`;
  }

  function sayPool() {
    const values = one.cells.map(([i, j]) => m.x[i][j]);
    const ties = values.filter((v) => v === top).length;
    const edge = others === 3 ? "" : `it hangs over the edge, ${others ? "two cells are" : "one cell is"} inside; `;
    const largest = others
      ? `the largest of ${values.map(spoken).join(", ")} is ${value}, at the ${CORNERS[offset]}.`
      : `the only cell here holds ${value}.`;
    const times = { 1: "", 2: "twice", 3: "three times", 4: "four times" }[ties];
    const tie = times && ` It stands here ${times}; the first one counts, row by row.`;
    return `${edge}${largest}${tie} ${y} gets ${value}, and ${offsets} remembers offset ${offset}: `
      + `row ${r}, column ${c}, flat index ${r} * ${m.w} + ${c} = ${m.flat[one.i][one.j]}.`;
  }

  function sayUnpool() {
    const place = `${offsets} = ${offset}, the ${CORNERS[offset]}, ${unpooled}`;
    const look = ` Look: ${value} is smaller than the zeros beside it, so pooling again would give 0.`;
    return `${y} = ${value} goes back to where it stood: ${place}.`
      + rest("stays 0.", "stay 0.") + (others && top < 0 ? look : "");
  }

  function sayUnpoolBackward() {
    const unasked = "that came from nowhere: nobody asks for the gradient there.";
    return `only ${unpooled} came from ${y}, so ${dy} takes the gradient from there: ${whole(m.dout, "dout", one.place)}.`
      + rest(`was a zero ${unasked}`, `were zeros ${unasked}`);
  }

  function sayPoolBackward() {
    return `${y} was a copy of ${x}, so ${dx} gets all of ${whole(m.dy, "dy", small)}.`
      + rest("was not picked: gradient 0.", "were not picked: gradient 0.");
  }

  function ending() {
    const left = dropped(m);
    return ` That was the last step${left ? `; ${left} had no window, so the gradient is 0 there` : ""}.`;
  }
}

const TWINS = { x: "dx", unpooled: "dout", dout: "unpooled", dx: "x" }; // a map and its gradient

/** Where a cell's value came from and where it goes: the cells on its path, and that in words. */
export function trace(m, name, i, j) {
  const one = SMALL.includes(name) ? m.windows.find((each) => each.i === i && each.j === j) : m.windowOf[i][j];
  if (one === null) return traceDropped(m, name, [i, j]);
  const isTop = one.place[0] === i && one.place[1] === j;
  return SMALL.includes(name) || isTop ? traceTop(m, name, one) : traceLoser(m, name, [i, j], one);
}

/** A cell that floor mode leaves out. */
function traceDropped(m, name, cell) {
  const words = {
    x: `${whole(m.x, "x", cell)} is in no window: floor mode drops it. It goes nowhere, and its gradient is 0.`,
    unpooled: `${at(name, cell)} = 0: no window covers this cell, so nothing is ever put here.`,
    dout: `${whole(m.dout, name, cell)} is the gradient of a zero that came from nowhere: nobody asks for it.`,
    dx: `${at(name, cell)} = 0: ${at("x", cell)} was dropped, so changing it changes nothing.`,
  };
  return { lit: [[name, ...cell, "look"], [TWINS[name], ...cell, "path"]], words: words[name] };
}

/** A cell in a window whose largest value stands elsewhere. */
function traceLoser(m, name, cell, one) {
  const tie = m.x[cell[0]][cell[1]] === m.y[one.i][one.j];
  const [mine, winner] = [whole(m.x, "x", cell), whole(m.x, "x", one.place)];
  const lost = tie
    ? `${mine} is as large as ${winner}, but that comes first.`
    : `${mine} is not the largest of its window: ${winner} is.`;
  const why = tie ? "which is as large but comes later" : "so changing that a little changes nothing";
  const words = {
    x: `${lost} It goes nowhere, and its gradient is 0.`,
    unpooled: `${at(name, cell)} = 0: the largest of this window stood at ${at("x", one.place)}. `
      + "Its value goes back there, and here stays a zero.",
    dout: `${whole(m.dout, name, cell)} is the gradient of a zero that came from nowhere: nobody asks for it.`,
    dx: `${at(name, cell)} = 0: ${winner} was picked, not ${mine}, ${why}.`,
  };
  const lit = [[name, ...cell, "look"], [TWINS[name], ...cell, "path"], ["x", ...one.place, "rival"]];
  return { lit, words: words[name] };
}

/** The largest of a window, its copies, its index and its gradient. */
function traceTop(m, name, one) {
  const { place } = one;
  const small = [one.i, one.j];
  const path = [["x", ...place], ["y", ...small], ["offsets", ...small], ["unpooled", ...place],
    ["dout", ...place], ["dy", ...small], ["offsets again", ...small], ["dx", ...place]];
  const [x, unpooled, dout, dx] = ["x", "unpooled", "dout", "dx"].map((map) => at(map, place));
  const [y, dy] = ["y", "dy"].map((map) => at(map, small));
  const offset = m.offsets[one.i][one.j];
  const remembers = `${at("offsets", small)} = ${offset} remembers the ${CORNERS[offset]} of window (${small.join(", ")}): `
    + `row ${place[0]}, column ${place[1]}, flat index ${place[0]} * ${m.w} + ${place[1]} = ${m.flat[one.i][one.j]}.`;
  const self = name.startsWith("offsets") ? "" : whole(m[name], name, SMALL.includes(name) ? small : place);
  const gradient = spoken(m.dy[one.i][one.j]);
  const words = {
    x: `${self} is the largest of its window: it goes to ${y} and from there to ${unpooled}. `
      + `Its gradient ${dx} = ${gradient} comes from ${dout}.`,
    y: `${self} came from ${x}, the largest of its window, and goes to ${unpooled}. Its gradient is ${dy} = ${gradient}.`,
    offsets: `${remembers} Unpooling and both backward passes look here.`,
    "offsets again": `${remembers} The backward passes find the same place by it.`,
    unpooled: `${self} came from ${y}, which came from ${x}. Its gradient is ${dout} = ${gradient}.`,
    dout: `${self} is the gradient of ${unpooled}: it goes to ${dy} and from there to ${dx}.`,
    dy: `${self} came from ${dout}, the place that ${at("offsets", small)} = ${offset} names, and goes to ${dx}.`,
    dx: `${self} came from ${dy}, which came from ${dout}: ${x} was the one that was picked.`,
  };
  return { lit: path.map((cell) => [...cell, cell[0] === name ? "look" : "path"]), words: words[name] };
}

/** Text of a cell at step s; "" where nothing has been computed yet. */
export function cellText(m, step, name, i, j) {
  if (name === "x" || name === "dout") return short(m[name][i][j]);
  if (name === "offsets again") return cellText(m, step, "offsets", i, j);
  const { done } = position(m, step);
  const phase = PHASES.findIndex(({ writes }) => writes.includes(name));
  if (SMALL.includes(name)) {
    return i * m.y[0].length + j < done[phase] ? short(m[name][i][j]) : "";
  }
  if (done[phase] === 0) return "";
  const owner = m.windows.indexOf(m.windowOf[i][j]); // -1 where dropped: zero from the beginning
  return owner < done[phase] ? short(m[name][i][j]) : "0";
}

// ---------------------------------------------------------------- the page

const FORWARD = [
  { name: "x", big: true, note: "the input; type your own numbers", edit: true },
  { name: "y", note: "the largest of each window" },
  { name: "offsets", note: "where it stood, flat index below", legend: true },
  { name: "unpooled", big: true, note: "each value back in its place" },
];
const BACKWARD = [
  { name: "dout", big: true, note: "gradient of unpooled; type your own", edit: true },
  { name: "dy", note: "gradient of y" },
  { name: "offsets again", code: "offsets", note: "the same ones" },
  { name: "dx", big: true, note: "gradient of x" },
];
const POINT = "Point at a cell, or reach it with Tab and the arrow keys: "
  + "here you read where its value comes from and where it goes.";
const PLAY_MS = 2200; // long enough to read most sentences

/** An element with attributes (functions become listeners) and children. */
function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(key, value);
    else if (value === true) node.setAttribute(key, "");
    else if (value !== false && value !== null) node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
}

/** Text whose names of cells stand in <code>. */
function withCode(text) {
  return text.split(/(\b(?:x|y|offsets|unpooled|dout|dy|dx)\[\d+, \d+\])/)
    .map((part, k) => (k % 2 ? element("code", {}, part) : part));
}

const copy = (map) => map.map((row) => [...row]);

/** Bring one stepper to life: `root` is a div, its data-options may hold x, dout and ceilMode. */
export function mount(root) {
  if (root.dataset.live) return;
  root.dataset.live = "yes";
  // JupyterLab must not take the keys for its own shortcuts.
  root.dataset.lmSuppressShortcuts = "true";
  const options = JSON.parse(root.dataset.options || "{}");
  const examples = { ...(options.x ? { "as given": options.x } : {}), ...EXAMPLES };
  const firstExample = Object.keys(examples)[0];
  const id = `snps-${Math.random().toString(36).slice(2, 9)}`;
  let m; // all maps
  let step = 0;
  let timer = null;
  let looked = null; // [map, row, column] of the cell that is pointed at
  let refusedAt = []; // cells that may be looked at without taking the message about a refused number away
  let cells; // name -> rows of elements

  const say = element("p", { class: "snps-say", role: "status", "aria-live": "polite" });
  const tell = element("p", { class: "snps-tell", id: `${id}-tell` });
  const refusal = element("p", { class: "snps-refusal", role: "alert" });
  const example = element("select", { change: () => choose(example.value) },
    ...Object.keys(examples).map((name) => element("option", { value: name }, name)));
  const ceil = element("input", { type: "checkbox", change: () => update({ ceilMode: ceil.checked }) });
  const button = (label, name, click, key) =>
    element("button", { type: "button", class: `snps-${name}`, title: key ? `${label} (${key})` : false, click }, label);
  const play = button("Play", "play", () => (timer ? pause() : start()), "P");
  const buttons = {
    first: button("First", "first", () => go(0), "Home on a button"),
    back: button("Back", "back", () => go(step - 1), "Page Up or B"),
    next: button("Step", "next", () => go(step + 1), "Page Down or N"),
    last: button("Last", "last", () => go(stepCount(m)), "End on a button"),
  };
  const range = element("input", { type: "range", min: 0, "aria-label": "step", input: () => go(Number(range.value)) });
  const count = element("output", { class: "snps-count" });
  const phases = PHASES.map(({ title }, p) =>
    button(`${p + 1} ${title}`, "phase", () => go(p * m.windows.length + 1)));
  const stage = element("div", { class: "snps-stage" });
  const bar = element("div", { class: "snps-bar" },
    element("div", { class: "snps-phases", role: "group", "aria-label": "Jump to a pass" }, ...phases),
    element("div", { class: "snps-buttons", role: "group", "aria-label": "Steps" },
      buttons.first, buttons.back, buttons.next, play, buttons.last, range, count),
    element("div", { class: "snps-words" }, say, tell, refusal));
  root.replaceChildren(
    element("div", { class: "snps-tools" },
      element("label", {}, "Example ", example),
      element("label", {}, ceil, " ceil mode"),
      button("Random", "random", () => update(randomMaps(m.h, m.w), 0)),
      button("Reset", "reset", reset)),
    bar,
    stage,
    element("p", { class: "snps-keys" }, "Keys: ",
      element("kbd", {}, "Page Down"), " and ", element("kbd", {}, "Page Up"), " step, arrows move between cells, ",
      element("kbd", {}, "Enter"), " takes a typed number, ", element("kbd", {}, "Esc"), " takes it back. ",
      "Outside of the cells that you type in also ", element("kbd", {}, "N"), ", ", element("kbd", {}, "B"), " and ", element("kbd", {}, "P"), " for play."));
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", "Stepper: max-pooling, unpooling and their gradients");
  root.addEventListener("keydown", onKey);
  root.addEventListener("focusout", (event) => { if (!root.contains(event.relatedTarget)) unlook(); });
  reset();

  // ---- what is shown

  function reset() {
    example.value = firstExample;
    ceil.checked = Boolean(options.ceilMode);
    const x = examples[firstExample];
    update({ x, dout: options.dout || exampleGradient(x.length, x[0].length), ceilMode: ceil.checked }, 0);
  }

  function choose(name) {
    const x = examples[name];
    const given = name === "as given" && options.dout;
    update({ x, dout: given || exampleGradient(x.length, x[0].length) }, 0);
  }

  /** New numbers or another mode; without `to` the step stays the same, or as near to it as it can. */
  function update(change, to) {
    const before = m && { size: [m.h, m.w, m.windows.length].join(), total: stepCount(m), ...position(m, step) };
    const { x, dout, ceilMode } = { ...m, ...change };
    pause();
    m = run(copy(x), copy(dout), ceilMode);
    if (!before || before.size !== [m.h, m.w, m.windows.length].join()) {
      build();
      if (before && step === before.total) step = stepCount(m);
      else if (before && before.phase >= 0) {
        const kept = m.windows.findIndex(({ i, j }) => i === before.window.i && j === before.window.j);
        step = before.phase * m.windows.length + Math.max(kept, 0) + 1;
      }
    }
    if (to !== undefined) { // new numbers: what was said about an old one no longer holds
      step = to;
      refuse("");
    }
    looked = null;
    paint();
  }

  /** The level of a heading here: one below that of the page's last heading before the stepper. */
  function headingLevel() {
    const before = [...document.querySelectorAll("h1, h2, h3, h4, h5")]
      .filter((heading) => heading.compareDocumentPosition(root) & Node.DOCUMENT_POSITION_FOLLOWING);
    return before.length ? Number(before[before.length - 1].tagName[1]) + 1 : 2;
  }

  /** Make all cells anew, for a new size. */
  function build() {
    cells = {};
    const level = headingLevel();
    root.style.setProperty("--cols", m.w);
    root.style.setProperty("--small-cols", m.y[0].length);
    root.classList.toggle("snps-many", m.w > 6); // on a phone, too many to stand beside the pooled maps
    const arrow = (text, where) =>
      element("div", { class: `snps-arrow snps-arrow-${where}`, "aria-hidden": "true" }, text);
    const pass = (title, [first, second, third, last], [there, on]) =>
      element("section", { class: `snps-pass snps-${title.toLowerCase()}`, "aria-label": title },
        element("div", { class: "snps-title", role: "heading", "aria-level": level }, title),
        element("div", { class: "snps-maps" }, grid(first), arrow(there, 1),
          element("div", { class: "snps-middle" }, grid(second), grid(third)), arrow(on, 2), grid(last)));
    stage.replaceChildren(
      pass("Forward", FORWARD, ["pool", "unpool"]),
      pass("Backward", BACKWARD, ["gather", "scatter"]));
  }

  function grid({ name, code = name, big = false, note, edit = false, legend = false }) {
    const [h, w] = big ? [m.h, m.w] : [m.y.length, m.y[0].length];
    const row = (...children) => element("div", { class: "snps-row", role: "row" }, ...children);
    const head = (role, text, label = null) => element("span", { class: "snps-head", role, "aria-label": label }, text);
    const heads = row(head("columnheader", "", "row"),
      ...Array.from({ length: w }, (_, j) => head("columnheader", String(j))));
    cells[name] = [];
    const rows = Array.from({ length: h }, (_, i) => {
      cells[name].push(Array.from({ length: w }, (_, j) => cell(name, code, i, j, edit)));
      return row(head("rowheader", String(i)), ...cells[name][i]);
    });
    const caption = element("div", { class: "snps-caption", id: `${id}-${name.replace(" ", "-")}` },
      element("span", {}, element("code", {}, code), ` ${h} × ${w} `), element("span", { class: "snps-note" }, note));
    const places = element("div", { class: "snps-legend" },
      element("span", { role: "img", "aria-label": "0 top left, 1 top right, 2 bottom left, 3 bottom right:" },
        ...["0", "1", "2", "3"].map((offset) => element("i", { "aria-hidden": "true" }, offset))),
      "the places in a window");
    const table = { class: "snps-grid", role: "grid", "aria-labelledby": caption.id, "aria-readonly": String(!edit) };
    const around = { class: `snps-map snps-${big ? "big" : "small"}`, "data-map": name, pointerleave: unlook };
    return element("div", around, caption, element("div", table, heads, ...rows), ...(legend ? [places] : []));
  }

  function cell(name, code, i, j, edit) {
    const first = i === 0 && j === 0 ? 0 : -1;
    const listeners = {
      pointerenter: () => look(name, i, j), // a mouse; a touch sends it too, before the focus
      focusin: () => { rove(name, i, j); look(name, i, j); },
    };
    const common = { role: "gridcell", "data-cell": `${i},${j}`, "aria-describedby": `${id}-tell`, ...listeners };
    if (!edit) return element("div", { ...common, tabindex: first });
    const input = element("input", {
      type: "text", inputmode: "text", autocomplete: "off", spellcheck: "false", tabindex: first,
      "aria-label": `${code}[${i}, ${j}]`, "aria-describedby": `${id}-tell`,
      focus: () => { input.value = String(m[name][i][j]); input.select(); },
      blur: (event) => { commit(input, name, i, j, event.relatedTarget); input.value = short(m[name][i][j]); },
    });
    return element("div", { ...common, "aria-describedby": null }, input);
  }

  /** Put all values, lights and words of the present step on the page. */
  function paint() {
    const { phase, done } = position(m, step);
    const { lit } = lights(m, step);
    const classes = new Map();
    const light = ([name, i, j, kind]) => {
      const key = `${name} ${i},${j}`;
      classes.set(key, `${classes.get(key) || ""} snps-${kind}`);
    };
    lit.forEach(light);
    if (looked) trace(m, ...looked).lit.forEach(light);
    for (const [name, rows] of Object.entries(cells)) {
      // A map with long numbers is written smaller, all of it alike.
      const lengths = m[name === "offsets again" ? "offsets" : name].flat().map((value) => short(value).length);
      rows[0][0].closest(".snps-grid").style.setProperty("--chars", Math.max(...lengths));
      rows.forEach((row, i) => row.forEach((node, j) => {
        const isBig = !SMALL.includes(name);
        const text = cellText(m, step, name, i, j);
        const looks = ["snps-cell"];
        if (isBig && i % 2) looks.push("snps-below");
        if (isBig && j % 2) looks.push("snps-after");
        if (isBig && (Math.floor(i / 2) + Math.floor(j / 2)) % 2) looks.push("snps-tint");
        if (isBig && m.windowOf[i][j] === null) looks.push("snps-dropped");
        if (!isBig && text === "") looks.push("snps-empty");
        if ((name === "unpooled" || name === "dx") && text === "0") looks.push("snps-zero");
        node.className = `${looks.join(" ")}${classes.get(`${name} ${i},${j}`) || ""}`;
        const input = node.querySelector("input");
        if (input) {
          if (input !== document.activeElement) input.value = text;
          input.title = text === String(m[name][i][j]) ? "" : String(m[name][i][j]);
          return;
        }
        node.replaceChildren(text);
        if (text && name.startsWith("offsets")) {
          node.append(element("small", {}, element("span", {}, "flat "), String(m.flat[i][j])));
        }
        if (text) node.removeAttribute("aria-label");
        else node.setAttribute("aria-label", "not computed yet");
      }));
    }
    const total = stepCount(m);
    const words = sentence(m, step);
    if (say.textContent !== words) say.replaceChildren(...withCode(words));
    tell.replaceChildren(...withCode(looked ? trace(m, ...looked).words : POINT));
    tell.classList.toggle("snps-hint", !looked);
    root.classList.toggle("snps-looking", Boolean(looked));
    root.dataset.phase = phase < 0 ? "" : PHASES[phase].name;
    range.max = total;
    range.value = step;
    range.setAttribute("aria-valuetext", `step ${step} of ${total}`);
    count.textContent = `step ${step} of ${total}`;
    phases.forEach((node, p) => {
      if (p === phase) node.setAttribute("aria-current", "step");
      else node.removeAttribute("aria-current");
      node.style.setProperty("--done", `${(100 * done[p]) / m.windows.length}%`);
    });
    for (const [name, node] of Object.entries(buttons)) {
      // aria-disabled, not disabled: a disabled button would throw the focus away.
      node.setAttribute("aria-disabled", String(name === "first" || name === "back" ? step === 0 : step === total));
    }
    play.textContent = timer ? "Pause" : "Play";
    say.setAttribute("aria-live", timer ? "off" : "polite");
    // How much of the screen the bar covers: what scrolls into view has to stay clear of it.
    root.style.setProperty("--bar", `${bar.offsetHeight + (parseFloat(getComputedStyle(bar).top) || 0)}px`);
  }

  // ---- stepping

  function go(to, fromTimer = false) {
    if (!fromTimer) pause();
    const from = step;
    step = Math.max(0, Math.min(stepCount(m), to));
    if (step === from) return;
    if (!fromTimer) looked = null;
    paint();
    if (step === from + 1) follow();
  }

  function start() {
    if (step === stepCount(m)) go(0);
    timer = setInterval(() => {
      if (!root.isConnected) return pause();
      go(step + 1, true);
      if (step === stepCount(m)) pause();
    }, PLAY_MS);
    go(step + 1, true);
    paint();
  }

  function pause() {
    if (timer === null) return;
    clearInterval(timer);
    timer = null;
    paint();
  }

  /** Bring the map that is written into view, and let the value fly there from where it was read. */
  function follow() {
    const [[from, to]] = lights(m, step).flights.map((ends) => ends.map(([name, i, j]) => cells[name][i][j]));
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (barStays()) to.closest(".snps-map").scrollIntoView({ block: "nearest", behavior: still ? "instant" : "smooth" });
    if (still || !from.animate) return;
    const [origin, a, b] = [root, from, to].map((node) => node.getBoundingClientRect());
    const ghost = element("div", { class: "snps-ghost", "aria-hidden": "true" }, to.textContent);
    const box = { left: b.left - origin.left, top: b.top - origin.top, width: b.width, height: b.height };
    for (const [side, length] of Object.entries(box)) ghost.style[side] = `${length}px`;
    from.closest(".snps-pass").append(ghost);
    const [right, down] = [a.left - b.left + (a.width - b.width) / 2, a.top - b.top + (a.height - b.height) / 2];
    const path = [{ transform: `translate(${right}px, ${down}px)` }, { transform: "none" }];
    const flight = ghost.animate(path, { duration: 450, easing: "ease-in-out" });
    flight.onfinish = flight.oncancel = () => ghost.remove();
  }

  /** Whether the bar stays in sight when the page scrolls: not in a box that scrolls for itself, but has no need to. */
  function barStays() {
    for (let node = root.parentElement; node && node !== document.body; node = node.parentElement) {
      if (!/auto|scroll|hidden/.test(getComputedStyle(node).overflow)) continue;
      return node.scrollHeight > node.clientHeight + 1;
    }
    return true;
  }

  // ---- looking and typing

  function look(name, i, j) {
    if (refusal.textContent && !refusedAt.includes(String([name, i, j]))) refuse("");
    looked = [name, i, j];
    paint();
  }

  /** Back to the cell that has the focus, if any. */
  function unlook() {
    if (!looked) return;
    looked = placeOf(document.activeElement);
    paint();
  }

  /** [map, row, column] of the cell that an element is or stands in, or null. */
  function placeOf(node) {
    const inside = node && root.contains(node) && node.closest(".snps-cell");
    return inside ? [inside.closest(".snps-map").dataset.map, ...inside.dataset.cell.split(",").map(Number)] : null;
  }

  /** Say why a number was refused, until a cell other than these is looked at. */
  function refuse(text, ...places) {
    refusal.textContent = text;
    refusedAt = places.map(String);
  }

  /** Take what was typed, or refuse it and bring the number back that was there before. `next` takes the focus. */
  function commit(input, name, i, j, next = null) {
    const old = m[name][i][j];
    if (input.value === String(old) || input.value === short(old)) return;
    const { value, error } = parseValue(input.value);
    if (error) {
      // Whoever leaves by going to the next cell has not read the message yet: that cell doesn't take it away.
      refuse(`${error}. ${at(name, [i, j])} stays ${spoken(old)}.`, [name, i, j], placeOf(next));
      return;
    }
    refuse("");
    const map = copy(m[name]);
    map[i][j] = value;
    const seen = looked;
    update({ [name]: map });
    looked = seen;
    paint();
  }

  function rove(name, i, j) {
    cells[name].forEach((row, a) => row.forEach((node, b) => {
      (node.querySelector("input") || node).tabIndex = a === i && b === j ? 0 : -1;
    }));
  }

  function focusCell(name, i, j) {
    const rows = cells[name];
    const node = rows[Math.max(0, Math.min(rows.length - 1, i))][Math.max(0, Math.min(rows[0].length - 1, j))];
    (node.querySelector("input") || node).focus();
  }

  function onKey(event) {
    event.stopPropagation();
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { key, target } = event;
    if (target.tagName === "SELECT") return;
    const inCell = placeOf(target);
    const typing = inCell && target.tagName === "INPUT";
    const used = { PageDown: () => go(step + 1), PageUp: () => go(step - 1) };
    if (inCell) {
      const [name, i, j] = inCell;
      used.ArrowUp = () => focusCell(name, i - 1, j);
      used.ArrowDown = () => focusCell(name, i + 1, j);
      const all = !typing || target.selectionEnd - target.selectionStart === target.value.length;
      if (all || target.selectionEnd === 0) used.ArrowLeft = () => focusCell(name, i, j - 1);
      if (all || target.selectionStart === target.value.length) used.ArrowRight = () => focusCell(name, i, j + 1);
      if (all) Object.assign(used, { Home: () => focusCell(name, i, 0), End: () => focusCell(name, i, Infinity) });
      if (typing) {
        used.Enter = () => { commit(target, name, i, j); used.Escape(); };
        used.Escape = () => { target.value = String(m[name][i][j]); target.select(); };
      }
    } else if (target.tagName === "BUTTON") {
      Object.assign(used, { Home: () => go(0), End: () => go(stepCount(m)) });
    }
    if (!typing) Object.assign(used, { n: () => go(step + 1), b: () => go(step - 1), p: () => play.click() });
    const action = used[key.length === 1 ? key.toLowerCase() : key];
    if (!action) return;
    event.preventDefault();
    action();
  }
}

/** Bring every stepper on the page to life that isn't yet. */
export function mountAll() {
  document.querySelectorAll(".snp-stepper").forEach(mount);
}
