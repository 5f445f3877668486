// @ts-check
/** Text reaches the page through textContent and attributes only: nothing the platform says can become markup. */

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {{ class?: string, text?: string, title?: string, tone?: string, type?: string, scope?: string, label?: string }} [props]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  if (props.class) node.className = props.class;
  if (props.text !== undefined) node.textContent = props.text;
  if (props.title !== undefined) node.title = props.title;
  if (props.tone) node.dataset.tone = props.tone;
  if (props.type) node.setAttribute('type', props.type);
  if (props.scope) node.setAttribute('scope', props.scope);
  if (props.label) node.setAttribute('aria-label', props.label);
  node.append(...children);
  return node;
}

/**
 * The element with this id; a missing one is a bug of the page.
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @returns {T}
 */
export function byId(id) {
  const node = document.getElementById(id);
  if (node === null) throw new Error(`no element #${id}`);
  return /** @type {T} */ (node);
}

/** Touches the page only when something changed: selections and screen readers stay calm.
 * @param {Element} node @param {string} text */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** @param {HTMLElement} node @param {string} name @param {string} value */
export function setData(node, name, value) {
  if (node.dataset[name] !== value) node.dataset[name] = value;
}

/**
 * Rows of a table body that keep their identity between updates.
 * @template Item
 */
export class KeyedRows {
  /** @type {Map<string, HTMLTableRowElement>} */
  #rows = new Map();
  #body;
  #fill;
  #emptyText;

  /**
   * @param {HTMLTableSectionElement} body
   * @param {string} emptyText
   * @param {(row: HTMLTableRowElement, item: Item) => void} fill Builds the cells of a new row, or changes those of an old one.
   */
  constructor(body, emptyText, fill) {
    this.#body = body;
    this.#emptyText = emptyText;
    this.#fill = fill;
  }

  /** @param {readonly Item[]} items @param {(item: Item) => string} keyOf */
  update(items, keyOf) {
    const keys = new Set(items.map(keyOf));
    for (const [key, row] of this.#rows) {
      if (!keys.has(key)) {
        row.remove();
        this.#rows.delete(key);
      }
    }
    this.#body.querySelector('td.empty')?.closest('tr')?.remove();
    items.forEach((item, index) => {
      const key = keyOf(item);
      const row = this.#rows.get(key) ?? document.createElement('tr');
      this.#rows.set(key, row);
      this.#fill(row, item);
      const there = this.#body.rows[index] ?? null;
      if (there !== row) this.#body.insertBefore(row, there);
    });
    if (items.length === 0) {
      const cell = element('td', { class: 'empty', text: this.#emptyText });
      cell.colSpan = 99;
      this.#body.append(element('tr', {}, cell));
    }
  }

  /** All rows are built anew at the next update: the columns changed. */
  clear() {
    this.#rows.clear();
    this.#body.replaceChildren();
  }
}
