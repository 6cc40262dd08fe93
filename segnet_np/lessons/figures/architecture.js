/* SegNet's architecture to click through: encoder on the left, decoder on the right, the pooling indices between.

   Plain JavaScript without dependencies. The first half computes shapes and parameters and knows nothing of pages;
   Node runs it in the tests, against the real nets. The second half draws. Each `div.snp-arch` carries its settings in
   `data-architecture`, so any number of them live on a page. */
(function () {
  "use strict";

  // Convolutions in each stage, and channels in units of the width, as in segnet_np/models/segnet.py.
  const STAGES = [2, 2, 3, 3, 3];
  const TIMES = [1, 2, 4, 8, 8];
  const BASIC_STAGES = 4;
  const LEAST = { segnet: 32, "segnet-basic": 16 };
  const TITLES = { segnet: "SegNet", "segnet-basic": "SegNet-Basic" };

  /** Every block of a net in the order of the forward pass, with the shapes [channels, rows, columns] of what comes in
      and goes out, and its parameters. */
  function plan(settings) {
    const { model, height, width, channels, classes, ceil = false, inChannels = 3, kernel = 7 } = settings;
    const basic = model === "segnet-basic";
    const depth = basic ? BASIC_STAGES : STAGES.length;
    const side = basic ? kernel : 3;
    const blocks = [];
    const remembered = [];
    let shape = [inChannels, height, width];

    const add = (block, out) => {
      blocks.push({ parameters: 0, ...block, in: shape, out });
      shape = out;
    };
    const conv = (where, stage, name, relu, out) => {
      const convolution = side * side * shape[0] * out + out;
      const norm = 2 * out;
      add({ kind: "conv", where, stage, name, kernel: side, relu, convolution, norm, parameters: convolution + norm },
        [out, shape[1], shape[2]]);
    };

    add({ kind: "input", where: "encoder", stage: 0, name: "picture" }, shape);
    for (let stage = 1; stage <= depth; stage++) {
      const out = basic ? channels : TIMES[stage - 1] * channels;
      for (let k = 1; k <= (basic ? 1 : STAGES[stage - 1]); k++) {
        conv("encoder", stage, basic ? `${stage}` : `${stage}${k}`, true, out);
      }
      const half = (length) => (ceil ? Math.ceil(length / 2) : Math.floor(length / 2));
      remembered.push(shape);
      add({ kind: "pool", where: "encoder", stage, name: `pool${stage}` }, [shape[0], half(shape[1]), half(shape[2])]);
    }
    for (let stage = depth; stage >= 1; stage--) {
      const size = remembered.pop();
      add({ kind: "unpool", where: "decoder", stage, name: `unpool${stage}` }, [shape[0], size[1], size[2]]);
      if (basic) {
        conv("decoder", stage, `_decode${stage}`, false, channels);
        continue;
      }
      const below = TIMES[Math.max(stage - 2, 0)] * channels;
      for (let k = STAGES[stage - 1]; k > (stage > 1 ? 0 : 1); k--) {
        conv("decoder", stage, `${stage}${k}d`, true, k === 1 ? below : shape[0]);
      }
    }
    const last = basic ? 1 : 3;
    add({ kind: "classifier", where: "decoder", stage: basic ? 0 : 1, kernel: last,
      name: basic ? "conv_classifier" : "conv11d", parameters: last * last * shape[0] * classes + classes },
      [classes, height, width]);
    return blocks;
  }

  /** What is learned, and what the encoder hands over, of a plan. */
  function totals(blocks) {
    const sum = (list, of) => list.reduce((total, block) => total + of(block), 0);
    const pools = blocks.filter((block) => block.kind === "pool");
    return {
      parameters: sum(blocks, (block) => block.parameters),
      windows: sum(pools, (block) => block.out[0] * block.out[1] * block.out[2]),
      numbers: sum(pools, (block) => block.in[0] * block.in[1] * block.in[2]),
    };
  }

  /** What is wrong with the settings, in words; empty if nothing is. */
  function trouble({ model, height, width, channels, classes }) {
    const whole = (value, least, most) => Number.isInteger(value) && value >= least && value <= most;
    const least = LEAST[model];
    if (!whole(height, least, 10000) || !whole(width, least, 10000)) {
      return `${TITLES[model]} takes pictures of at least ${least}x${least} pixels (and this page of at most 10000).`;
    }
    if (!whole(channels, 1, 1024)) return "The width must be a whole number from 1 to 1024.";
    if (!whole(classes, 1, 256)) return "The classes must be a whole number from 1 to 256.";
    return "";
  }

  const written = (value) => String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  const size = (shape) => `${shape[1]}x${shape[2]}`;
  const maps = (shape) => `${written(shape[0])} ${shape[0] === 1 ? "map" : "maps"} of ${size(shape)}`;
  const bytes = (count) => {
    if (count < 1000) return `${Math.ceil(count)} bytes`;
    if (count < 1e5) return `${(count / 1e3).toFixed(1)} kB`;
    return `${(count / 1e6).toFixed(count < 1e7 ? 2 : 1)} MB`;
  };
  const doubled = (shape) => `${2 * shape[1]}x${2 * shape[2]}`;

  /** A block's title, and what is to be said of it: pairs of a term and a text. */
  function describe(block, ceil) {
    const { kind, stage, name } = block;
    if (kind === "input") {
      return { title: "The picture", facts: [["shape", maps(block.out)],
        ["what it is", "Red, green and blue, normalised. Any size will do, odd ones too."]] };
    }
    if (kind === "pool") {
      const windows = block.out[0] * block.out[1] * block.out[2];
      const odd = block.in[1] % 2 || block.in[2] % 2;
      const facts = [["in", maps(block.in)], ["out", maps(block.out)],
        ["what it does", "Keeps the largest number of each 2x2 window, and remembers at which of the four places it stood."],
        ["remembers", `${written(windows)} places, ${bytes(windows / 4)} at two bits each; the maps themselves would take `
          + `${bytes(4 * block.in[0] * block.in[1] * block.in[2])}. They go to unpool${stage}.`]];
      if (odd) {
        facts.push(["odd size", ceil
          ? "The last row or column gets windows of its own, which hang over the edge (Caffe's way)."
          : "The last row or column is left out (PyTorch's way)."]);
      }
      facts.push(["parameters", "none"]);
      return { title: `${name}: max-pooling`, facts };
    }
    if (kind === "unpool") {
      const facts = [["in", `${maps(block.in)}, and the indices of pool${stage}`], ["out", maps(block.out)],
        ["what it does", "Puts each number at the place that was remembered in its window; all else is zero."],
        ["how it knows the size", doubled(block.in) === size(block.out)
          ? `The indices know that they came from ${size(block.out)}.`
          : `Twice ${size(block.in)} is ${doubled(block.in)}. The indices know that they came from ${size(block.out)}.`],
        ["parameters", "none"]];
      return { title: `${name}: max-unpooling`, facts };
    }
    const [ins, outs] = [block.in[0], block.out[0]];
    const kernel = `${block.kernel}\u00b7${block.kernel}\u00b7${written(ins)}\u00b7${written(outs)} + ${written(outs)}`;
    if (kind === "classifier") {
      return { title: `${name}: the classifier`, facts: [["in", maps(block.in)], ["out", `${maps(block.out)}, one a class`],
        ["what it does", `A ${block.kernel}x${block.kernel} convolution gives each pixel one number a class: the logits. `
          + "Neither batch norm nor ReLU follows; softmax makes probabilities of them."],
        ["parameters", `${kernel} = ${written(block.parameters)}`],
        ["in a checkpoint", `${name}.weight (${outs}, ${ins}, ${block.kernel}, ${block.kernel}), ${name}.bias`]] };
    }
    const relu = block.relu ? ", and ReLU" : "; no ReLU in SegNet-Basic's decoder";
    const change = ins === outs ? "keeps the number of channels" : `goes from ${written(ins)} to ${written(outs)} channels`;
    return { title: `conv${name}, bn${name}${block.relu ? `, relu${name}` : ""}`, facts: [
      ["in", maps(block.in)], ["out", maps(block.out)],
      ["what it does", `A ${block.kernel}x${block.kernel} convolution that ${change}, batch norm${relu}.`],
      ["parameters", `convolution ${kernel} = ${written(block.convolution)}; batch norm 2\u00b7${written(outs)} = `
        + `${written(block.norm)}; together ${written(block.parameters)}`],
      ["in a checkpoint", `conv${name}.weight (${outs}, ${ins}, ${block.kernel}, ${block.kernel}), conv${name}.bias, `
        + `bn${name}.weight, bn${name}.bias and running statistics`]] };
  }

  /** The same for the indices between a pool and its unpool. */
  function describeIndices(pool, unpool) {
    const windows = pool.out[0] * pool.out[1] * pool.out[2];
    return { title: `The indices from ${pool.name} to ${unpool.name}`, facts: [
      ["what they are", `For each window of ${maps(pool.out)}: which of its four places held the largest number.`],
      ["size", `${written(windows)} windows, ${bytes(windows / 4)} at two bits each (a byte each in this package)`],
      ["they also know", `the size they came from, ${size(pool.in)}`],
      ["when they are used", pool.stage === 1 ? "last: what was remembered first is needed last"
        : "what was remembered last is used first, so the stages are mirrored"],
      ["in the code", "segnet_np/models/segnet.py, run_forward: remembered.append(indices) and remembered.pop()"]] };
  }

  if (typeof document === "undefined") {
    module.exports = { plan, totals, trouble, describe, describeIndices, bytes };
    return;
  }

  // ------------------------------------------------------------------------------------------- drawing

  function element(tag, properties = {}, children = []) {
    const node = document.createElement(tag);
    for (const [key, value] of Object.entries(properties)) {
      if (key === "text") node.textContent = value;
      else node.setAttribute(key, value);
    }
    node.append(...children);
    return node;
  }

  class Architecture {
    constructor(root) {
      this.root = root;
      this.settings = JSON.parse(root.dataset.architecture);
      this.chosen = "pool1";
      const controls = this.controls();
      this.body = this.frame();
      this.draw();
      root.replaceChildren(controls, this.body);
    }

    /** All that stays when settings change. A live region that is made anew is not read out, so it stays too. */
    frame() {
      this.wrong = element("p", { class: "snp-arch-wrong", role: "alert" });
      this.sum = element("p", { class: "snp-arch-sum" });
      const help = element("p", { class: "snp-arch-help", text:
        "Click a block, or use the arrow keys: forward goes down the encoder and up the decoder." });
      this.grid = element("div", { class: "snp-arch-grid", role: "group", "aria-label": "The blocks of the net" });
      this.grid.addEventListener("keydown", (event) => this.key(event));
      const steps = element("div", { class: "snp-arch-bar" });
      for (const [text, by] of [["\u2190 back", -1], ["forward \u2192", 1]]) {
        const step = element("button", { type: "button", text });
        step.addEventListener("click", () => this.move(by, false));
        steps.append(step);
      }
      this.panel = element("div", { class: "snp-arch-panel", role: "status", "aria-live": "polite" });
      return element("div", { class: "snp-arch-body" }, [this.wrong, this.sum, help,
        element("div", { class: "snp-arch-both" }, [this.grid, element("div", { class: "snp-arch-side" }, [steps, this.panel])])]);
    }

    controls() {
      const bar = element("div", { class: "snp-arch-bar" });
      const select = element("select", {}, Object.entries(TITLES).map(([value, text]) => element("option", { value, text })));
      select.value = this.settings.model;
      select.addEventListener("change", () => this.set({ model: select.value }));
      bar.append(element("label", { text: "net " }, [select]));
      this.fields = {};
      for (const [name, label] of [["height", "rows"], ["width", "columns"], ["channels", "width"], ["classes", "classes"]]) {
        const field = element("input", { type: "number", min: 1, inputmode: "numeric" });
        field.value = this.settings[name];
        // 360 begins with a 3: what is wrong is said when the number is finished, what is right is drawn at once.
        field.addEventListener("input", () => {
          const change = { [name]: Number(field.value) };
          if (!trouble({ ...this.settings, ...change })) this.set(change);
        });
        // What is drawn already stays as it is, or a click on a block, which ends the typing, would miss it.
        field.addEventListener("change", () => {
          if (this.settings[name] !== Number(field.value)) this.set({ [name]: Number(field.value) });
        });
        this.fields[name] = field;
        bar.append(element("label", { text: `${label} ` }, [field]));
      }
      const ceil = element("input", { type: "checkbox" });
      ceil.checked = Boolean(this.settings.ceil);
      ceil.addEventListener("change", () => this.set({ ceil: ceil.checked }));
      const label = element("label", {}, [ceil]);
      label.append(" round odd sizes up");
      bar.append(label);
      for (const [height, width] of [[360, 480], [45, 61]]) {
        const preset = element("button", { type: "button", text: `${height}x${width}` });
        preset.addEventListener("click", () => {
          Object.assign(this.fields.height, { value: height });
          Object.assign(this.fields.width, { value: width });
          this.set({ height, width });
        });
        bar.append(preset);
      }
      return bar;
    }

    set(change) {
      Object.assign(this.settings, change);
      this.draw();
    }

    draw() {
      const wrong = trouble(this.settings);
      if (this.wrong.textContent !== wrong) this.wrong.textContent = wrong;
      this.body.classList.toggle("snp-arch-stopped", Boolean(wrong));
      if (wrong) {
        this.panel.replaceChildren();
        return;
      }
      this.blocks = plan(this.settings);
      const depth = this.blocks.filter((block) => block.kind === "pool").length;
      const find = (name) => this.blocks.find((block) => block.name === name);
      // The parts that can be chosen, in the order of the forward pass; indices come right after their pool.
      this.parts = [];
      for (const block of this.blocks) {
        this.parts.push({ key: block.name, ...describe(block, this.settings.ceil), kind: block.kind, block });
        if (block.kind === "pool") {
          const unpool = find(`unpool${block.stage}`);
          this.parts.push({ key: `indices${block.stage}`, ...describeIndices(block, unpool), kind: "indices", block });
        }
      }
      if (!this.parts.some((part) => part.key === this.chosen)) this.chosen = "pool1";
      this.buttons = new Map();
      const { grid } = this;
      grid.replaceChildren();
      // What was on the page in the order of the forward pass is read out in it; the style sheet puts it into place.
      this.place(grid, "encoder", 0, [this.button("picture", `picture ${size(this.blocks[0].out)}`)], "");
      for (let stage = 1; stage <= depth; stage++) {
        this.placeStage(grid, "encoder", stage);
        const arrow = this.button(`indices${stage}`, `indices ${stage}`);
        arrow.classList.add("snp-arch-arrow");
        arrow.style.gridRow = stage + 1;
        grid.append(arrow);
      }
      const deep = find(`pool${depth}`).out;
      grid.append(element("p", { class: "snp-arch-deep", style: `grid-row: ${depth + 2}`,
        text: `the deepest maps, ${maps(deep)}, turn round here` }));
      for (let stage = depth; stage >= 1; stage--) this.placeStage(grid, "decoder", stage);
      const classifier = this.blocks[this.blocks.length - 1];
      const top = classifier.stage === 0 ? [this.button(classifier.name, classifier.name)] : [];
      this.place(grid, "decoder", 0, [...top, element("span", { class: "snp-arch-end",
        text: `${classifier.out[0]} logits a pixel, ${size(classifier.out)}` })], "");
      const all = totals(this.blocks);
      this.sum.textContent =
        `${TITLES[this.settings.model]}: ${written(all.parameters)} parameters, ${bytes(4 * all.parameters)} in float32. `
        + `For one picture the decoder is told ${bytes(all.windows / 4)} of indices; the maps they stand for would be `
        + `${bytes(4 * all.numbers)}.`;
      this.choose(this.chosen, false);
    }

    placeStage(grid, where, stage) {
      const mine = this.blocks.filter((block) => block.where === where && block.stage === stage);
      const conv = mine.filter((block) => block.kind !== "pool" && block.kind !== "unpool");
      const out = where === "encoder" ? conv[0].out : conv[0].in;
      const buttons = mine.map((block) => this.button(block.name, block.kind === "conv" ? `conv${block.name}` : block.name));
      this.place(grid, where, stage, buttons, `${out[0]} x ${size(out)}`);
    }

    place(grid, where, stage, children, title) {
      const box = element("div", { class: `snp-arch-stage snp-arch-${where}`, "data-stage": stage });
      box.style.gridRow = stage + 1;
      if (title) box.append(element("span", { class: "snp-arch-title", text: title }));
      box.append(element("div", { class: "snp-arch-blocks" }, children));
      grid.append(box);
    }

    button(key, text) {
      const part = this.parts.find((one) => one.key === key);
      const button = element("button", { type: "button", text, class: `snp-arch-${part.kind}`, "aria-pressed": "false" });
      button.addEventListener("click", () => this.choose(key, true));
      this.buttons.set(key, button);
      return button;
    }

    key(event) {
      const by = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
      if (event.key === "Home") this.choose(this.parts[0].key, true);
      else if (event.key === "End") this.choose(this.parts[this.parts.length - 1].key, true);
      else if (by) this.move(by, true);
      else return;
      event.preventDefault();
      event.stopPropagation();
    }

    move(by, focus) {
      const at = this.parts.findIndex((part) => part.key === this.chosen);
      const next = Math.min(Math.max(at + by, 0), this.parts.length - 1);
      this.choose(this.parts[next].key, focus);
    }

    choose(key, focus) {
      this.chosen = key;
      const part = this.parts.find((one) => one.key === key);
      const trio = ["pool", "unpool", "indices"].includes(part.kind)
        ? [`pool${part.block.stage}`, `indices${part.block.stage}`, `unpool${part.block.stage}`] : [];
      for (const [name, button] of this.buttons) {
        button.setAttribute("aria-pressed", String(name === key));
        button.tabIndex = name === key ? 0 : -1;
        button.classList.toggle("snp-arch-linked", trio.includes(name));
      }
      if (focus) this.buttons.get(key).focus();
      const list = element("dl");
      for (const [term, text] of part.facts) list.append(element("dt", { text: term }), element("dd", { text }));
      this.panel.replaceChildren(element("h4", { text: part.title }), list);
    }
  }

  document.querySelectorAll("div.snp-arch[data-architecture]:not([data-drawn])").forEach((root) => {
    root.dataset.drawn = "yes";
    new Architecture(root);
  });
})();
