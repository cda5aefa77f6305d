import { printable } from './text.js';

/** What can stand in an element: nothing, a text, which is never read as markup, or a node. */
export type Child = Node | string | undefined;

interface Props {
  readonly class?: string;
  readonly text?: string;
  readonly on?: Readonly<Record<string, (event: Event) => void>>;
  readonly attributes?: Readonly<Record<string, string>>;
}

/** Makes an element. Texts go in as texts: there is no way from data to markup in this page. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  props: Props = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  if (props.class !== undefined) made.className = props.class;
  if (props.text !== undefined) setText(made, props.text);
  for (const [name, value] of Object.entries(props.attributes ?? {})) made.setAttribute(name, value);
  for (const [name, listener] of Object.entries(props.on ?? {})) made.addEventListener(name, listener);
  made.append(...children.filter(child => child !== undefined).map(readable));
  return made;
}

const readable = (child: Node | string): Node | string =>
  typeof child === 'string' ? printable(child) : child;

/** Makes an element of a drawing. */
export function drawn(
  tag: string,
  attributes: Readonly<Record<string, string | number>>,
  ...children: readonly Node[]
): SVGElement {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children);
  return made;
}

/** Sets a text where it differs: what stays is not drawn again, and a selection in it stays. */
export function setText(node: Element, text: string): void {
  const shown = printable(text);
  if (node.textContent !== shown) node.textContent = shown;
}

export function setAttribute(node: Element, name: string, value: string): void {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

export function setClass(node: Element, name: string): void {
  if (node.getAttribute('class') !== name) node.setAttribute('class', name);
}

export function setHidden(node: HTMLElement, hidden: boolean): void {
  if (node.hidden !== hidden) node.hidden = hidden;
}

/** A part of the page that shows one thing. */
export interface Part<T> {
  readonly root: HTMLElement;
  update(item: T): void;
  remove?(): void;
}

/** The parts of a list, each kept as long as its key is there: focus and selection survive what changes. */
export class PartList<T> {
  readonly #parent: HTMLElement;
  readonly #keyOf: (item: T) => string;
  readonly #make: (item: T) => Part<T>;
  readonly #parts = new Map<string, Part<T>>();

  constructor(parent: HTMLElement, keyOf: (item: T) => string, make: (item: T) => Part<T>) {
    this.#parent = parent;
    this.#keyOf = keyOf;
    this.#make = make;
  }

  update(items: readonly T[]): void {
    const there = new Set(items.map(this.#keyOf));
    for (const [key, part] of this.#parts) {
      if (there.has(key)) continue;
      part.remove?.();
      part.root.remove();
      this.#parts.delete(key);
    }
    let after: Element | null = null;
    for (const item of items) {
      const key = this.#keyOf(item);
      let part = this.#parts.get(key);
      if (part === undefined) {
        part = this.#make(item);
        this.#parts.set(key, part);
      }
      part.update(item);
      const place: Element | null =
        after === null ? this.#parent.firstElementChild : after.nextElementSibling;
      // Moving an element takes the focus out of it.
      if (place !== part.root) this.#parent.insertBefore(part.root, place);
      after = part.root;
    }
  }
}
