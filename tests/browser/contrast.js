// The least contrast of all texts with what is behind them: [ratio, class, text, colour, colour behind].
const rgba = (text) => {
  const numbers = text.match(/[\d.]+(?:e-?\d+)?/g).map(Number);
  const [r, g, b, a = 1] = numbers;
  return text.startsWith("color(srgb") ? [r * 255, g * 255, b * 255, a] : [r, g, b, a];
};
const light = (c) => c.slice(0, 3).map((v) => v / 255)
  .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
  .reduce((sum, v, k) => sum + v * [0.2126, 0.7152, 0.0722][k], 0);
const behind = (node) => {
  for (let at = node; at; at = at.parentElement) {
    const colour = rgba(getComputedStyle(at).backgroundColor);
    if (colour[3] > 0.99) return colour;
  }
  throw new Error("nothing behind");
};
let worst = [99];
for (const node of document.querySelectorAll(".snp-stepper *")) {
  const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
  if (!own && !node.matches("input[type=text]")) continue;
  if (!node.checkVisibility() || node.matches("option, [aria-disabled=true]")) continue;
  const [fore, back] = [rgba(getComputedStyle(node).color), behind(node)];
  const [a, b] = [light(fore), light(back)];
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < worst[0]) worst = [ratio, node.className, node.textContent, fore.join(), back.join()];
}
return worst;
