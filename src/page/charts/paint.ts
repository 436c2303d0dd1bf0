/** Puts marks on the page: existing SVG elements are reused, so a tick of the charts only sets attributes. */
import type { Shape } from './marks.ts';

const namespace = 'http://www.w3.org/2000/svg';

/** Makes the children of `group` be `shapes`, in order. */
export function paint(group: SVGGElement, shapes: readonly Shape[]): void {
  shapes.forEach((shape, i) => dress(elementAt(group, i, shape.tag), shape));
  while (group.childNodes.length > shapes.length) group.lastChild!.remove();
}

function elementAt(group: SVGGElement, i: number, tag: Shape['tag']): SVGElement {
  const present = group.childNodes[i] as SVGElement | undefined;
  if (present?.tagName === tag) return present;
  const fresh = document.createElementNS(namespace, tag);
  if (present) present.replaceWith(fresh);
  else group.append(fresh);
  return fresh;
}

function dress(element: SVGElement, shape: Shape): void {
  for (const name of element.getAttributeNames()) if (!(name in shape.at)) element.removeAttribute(name);
  for (const [name, value] of Object.entries(shape.at)) {
    if (element.getAttribute(name) !== String(value)) element.setAttribute(name, String(value));
  }
  const text = shape.text ?? '';
  if (element.textContent !== text) element.textContent = text;
}
