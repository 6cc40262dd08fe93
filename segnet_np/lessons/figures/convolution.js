/* A convolution to touch: one map, one kernel, and the two gradients, with every product written out.

   Plain JavaScript without dependencies. The first half computes and knows nothing of pages; Node runs it in
   the tests. The second half draws. Each `div.snp-conv` carries its own numbers in `data-convolution`, so any
   number of them live on a page. */
(function () {
  "use strict";

  // What each mode multiplies, and what comes out.
  const MODES = {
    forward: { left: "x", right: "weight", target: "out", title: "forward: out" },
    dx: { left: "dout", right: "weight", target: "dx", title: "backward: dx" },
    dweight: { left: "x", right: "dout", target: "dweight", title: "backward: dweight" },
  };

  const inside = (grid, row, column) => row >= 0 && column >= 0 && row < grid.length && column < grid[0].length;
  const at = (grid, [row, column]) => (inside(grid, row, column) ? grid[row][column] : 0);

  /** Rows and columns of what a mode computes. */
  function targetSize(data, mode) {
    const like = { forward: data.dout, dx: data.x, dweight: data.weight }[mode];
    return [like.length, like[0].length];
  }

  /** The products that are summed in one cell of the target, as pairs of places: in the left grid, in the right one.
      With `turned`, dx is read as a convolution of dout, whose zeros around the edge count as places too. */
  function terms(data, mode, row, column, turned = false) {
    const pairs = [];
    const { x, weight, dout, padding } = data;
    if (mode === "dweight") {
      dout.forEach((line, i) =>
        line.forEach((_, j) => pairs.push([[i + row - padding, j + column - padding], [i, j]])));
      return pairs;
    }
    weight.forEach((line, ki) =>
      line.forEach((_, kj) => {
        if (mode === "forward") {
          pairs.push([[row + ki - padding, column + kj - padding], [ki, kj]]);
        } else {
          // out[i, j] took x[i + ki - padding]: so x[row] went to i = row - ki + padding.
          const place = [row - ki + padding, column - kj + padding];
          if (turned || inside(dout, ...place)) pairs.push([place, [ki, kj]]);
        }
      }));
    return mode === "dx" ? pairs.reverse() : pairs; // in the reading order of dout
  }

  /** The whole target grid. */
  function result(data, mode, turned = false) {
    const [rows, columns] = targetSize(data, mode);
    const { left, right } = MODES[mode];
    return Array.from({ length: rows }, (_, row) =>
      Array.from({ length: columns }, (_, column) =>
        terms(data, mode, row, column, turned).reduce(
          (sum, [a, b]) => sum + at(data[left], a) * at(data[right], b), 0)));
  }

  const number = (value) => String(Math.round(value * 1000) / 1000 + 0).replace("-", "\u2212");
  const factor = (value) => (value < 0 ? `(${number(value)})` : number(value));

  /** One cell's sum as text: its products up to the `count`-th, and what they add up to. */
  function sentence(data, mode, row, column, count, turned = false) {
    const { left, right, target } = MODES[mode];
    const all = terms(data, mode, row, column, turned);
    const shown = all.slice(0, count);
    const products = shown.map(([a, b]) => at(data[left], a) * at(data[right], b));
    const sum = number(products.reduce((total, product) => total + product, 0));
    const name = `${target}[${row}, ${column}]`;
    if (!all.length) return `${name} = 0: no output looked at this cell.`;
    const so = shown.length < all.length ? ` So far: product ${shown.length} of ${all.length}.` : "";
    const written = shown.map(([a, b]) => `${factor(at(data[left], a))}\u00b7${factor(at(data[right], b))}`);
    return `${name} = ${written.join(" + ")} = ${sum}.${so}`;
  }

  if (typeof document === "undefined") {
    module.exports = { MODES, targetSize, terms, result, sentence };
    return;
  }

  // ------------------------------------------------------------------------------------------- drawing

  const HELP = {
    forward: "Each output is the sum of products of the kernel with the patch of x beneath it. Dashed zeros are padding.",
    dx: "Each dx gathers from every output that looked at this input: its dout times the weight it was looked at with.",
    dweight: "Each weight met one x for every output: the sum over all outputs of dout times that x.",
  };

  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  /** A grid of numbers with rows and columns of zeros around it; returns it with a way to find a place's cell. */
  function drawGrid(name, values, [above, beside], role) {
    const table = make("table", { class: `snp-conv-grid snp-conv-${role}`, "aria-label": name });
    if (role === "target") table.setAttribute("role", "grid");
    const cells = new Map();
    for (let row = -above; row < values.length + above; row++) {
      const line = table.appendChild(make("tr"));
      for (let column = -beside; column < values[0].length + beside; column++) {
        const real = inside(values, row, column);
        const cell = line.appendChild(make("td", { class: real ? "" : "snp-conv-outside" }));
        cell.append(make("span", { class: "snp-conv-value" }, number(at(values, [row, column]))));
        cell.append(make("span", { class: "snp-conv-order", "aria-hidden": "true" }));
        if (role === "target") cell.setAttribute("role", "gridcell");
        cells.set(`${row},${column}`, cell);
      }
    }
    const size = `${values.length}\u00d7${values[0].length}`;
    const figure = make("figure", {}, make("figcaption", {}, make("code", {}, name), ` ${size}`), table);
    return { figure, cell: ([row, column]) => cells.get(`${row},${column}`), values };
  }

  function mount(element) {
    const data = JSON.parse(element.dataset.convolution);
    const state = { mode: data.mode, row: 0, column: 0, count: Infinity, turned: false };
    let grids;

    const buttons = Object.entries(MODES).map(([mode, { title }]) => {
      const button = make("button", { type: "button" }, title);
      button.addEventListener("click", () => { state.mode = mode; select(0, 0); build(); });
      return [mode, button];
    });
    const stage = make("div", { class: "snp-conv-stage" });
    const help = make("p", { class: "snp-conv-help" });
    const words = make("p", { class: "snp-conv-words", role: "status", "aria-live": "polite" });
    const turn = make("input", { type: "checkbox" });
    const turnLabel = make("label", {}, turn, " read it as a convolution: zeros around dout, kernel turned by 180\u00b0");
    const step = (text, action) => {
      const button = make("button", { type: "button" }, text);
      button.addEventListener("click", action);
      return button;
    };
    const steps = [
      step("\u25c0 cell", () => move(-1)),
      step("one product \u25b6", nextProduct),
      step("cell \u25b6", () => move(1)),
    ];

    // A mode other than dx has no turned reading; `terms` ignores the flag there.
    const list = () => terms(data, state.mode, state.row, state.column, state.turned);

    function select(row, column, count = Infinity) {
      Object.assign(state, { row, column, count });
    }

    function move(by) {
      const [rows, columns] = targetSize(data, state.mode);
      const next = (state.row * columns + state.column + by + rows * columns) % (rows * columns);
      select(Math.floor(next / columns), next % columns);
      update();
    }

    function nextProduct() {
      const all = list().length;
      if (state.count === Infinity) state.count = Math.min(1, all);
      else if (state.count < all) state.count += 1;
      else {
        move(1);
        state.count = Math.min(1, list().length);
      }
      update();
    }

    function build() {
      const { left, right, target } = MODES[state.mode];
      const turned = state.turned && state.mode === "dx";
      const last = [data.weight.length - 1, data.weight[0].length - 1];
      const none = [0, 0];
      const border = {
        x: [data.padding, data.padding], weight: none, dout: turned ? last.map((k) => k - data.padding) : none,
      };
      const kernel = turned ? data.weight.map((line) => [...line].reverse()).reverse() : data.weight;
      const values = { ...data, weight: kernel };
      const named = (name) => (name === "weight" && turned ? "weight, turned" : name);
      grids = [
        drawGrid(named(left), values[left], border[left], "left"),
        drawGrid(named(right), values[right], border[right], "right"),
        drawGrid(target, result(data, state.mode), none, "target"),
      ];
      if (turned) {
        const { cell } = grids[1];
        grids[1].cell = ([ki, kj]) => cell([last[0] - ki, last[1] - kj]);
      }
      stage.replaceChildren(
        grids[0].figure, make("span", { class: "snp-conv-sign", "aria-hidden": "true" }, "\u00b7"),
        grids[1].figure, make("span", { class: "snp-conv-sign", "aria-hidden": "true" }, "\u2192"),
        grids[2].figure);
      grids[2].values.forEach((line, row) => line.forEach((_, column) => listen(row, column)));
      for (const [mode, button] of buttons) button.setAttribute("aria-pressed", String(mode === state.mode));
      turnLabel.hidden = state.mode !== "dx";
      help.textContent = HELP[state.mode];
      update();
    }

    function listen(row, column) {
      const cell = grids[2].cell([row, column]);
      cell.addEventListener("mouseenter", () => { select(row, column); update(); });
      cell.addEventListener("click", () => { select(row, column); update(); cell.focus(); });
      cell.addEventListener("focus", () => {
        if (state.row !== row || state.column !== column) { select(row, column); update(); }
      });
      cell.addEventListener("keydown", (event) => {
        const [rows, columns] = targetSize(data, state.mode);
        const by = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
        if (by) {
          const clamp = (value, most) => Math.max(0, Math.min(most - 1, value));
          select(clamp(row + by[0], rows), clamp(column + by[1], columns));
          update();
          grids[2].cell([state.row, state.column]).focus();
        } else if (event.key === "Enter" || event.key === " ") nextProduct();
        else return;
        event.preventDefault();
        event.stopPropagation();
      });
    }

    function update() {
      const { left, right, target } = MODES[state.mode];
      for (const cell of stage.querySelectorAll("td")) {
        cell.classList.remove("snp-conv-on", "snp-conv-now", "snp-conv-chosen");
        cell.lastChild.textContent = "";
      }
      const all = list();
      const shown = Math.min(state.count, all.length);
      let sum = 0;
      all.forEach(([a, b], k) => {
        const cells = [grids[0].cell(a), grids[1].cell(b)];
        if (k < shown) sum += at(data[left], a) * at(data[right], b);
        for (const cell of cells) {
          cell.classList.add("snp-conv-on");
          if (k === state.count - 1) cell.classList.add("snp-conv-now");
          cell.lastChild.textContent = String(k + 1); // equal small numbers are multiplied
        }
      });
      const whole = result(data, state.mode);
      whole.forEach((line, row) => line.forEach((value, column) => {
        const cell = grids[2].cell([row, column]);
        const chosen = row === state.row && column === state.column;
        cell.firstChild.textContent = number(chosen ? sum : value);
        cell.classList.toggle("snp-conv-chosen", chosen);
        cell.setAttribute("tabindex", chosen ? "0" : "-1");
        cell.setAttribute("aria-selected", String(chosen));
        cell.setAttribute("aria-label", `${target}, row ${row}, column ${column}: ${number(value)}`);
      }));
      words.textContent = sentence(data, state.mode, state.row, state.column, shown, state.turned && state.mode === "dx");
    }

    turn.addEventListener("change", () => { state.turned = turn.checked; select(state.row, state.column); build(); });
    element.replaceChildren(
      make("div", { class: "snp-conv-bar", role: "group", "aria-label": "what is computed" }, ...buttons.map(([, b]) => b)),
      help, stage, words,
      make("div", { class: "snp-conv-bar", role: "group", "aria-label": "steps" }, ...steps), turnLabel,
      make("p", { class: "snp-conv-help" },
        "Point at a cell on the right, or move there with Tab and the arrow keys; Enter adds one product at a time. " +
        "Cells with the same small number are multiplied."));
    build();
  }

  for (const element of document.querySelectorAll(".snp-conv:not([data-ready])")) {
    element.setAttribute("data-ready", "");
    mount(element);
  }
})();
