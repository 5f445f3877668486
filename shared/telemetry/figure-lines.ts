import { loggedFigures } from './cloudwatch-metrics.ts';

type Labels = Readonly<Record<string, string>>;

/** Of one invocation; labels are symbols or nothing, so that this is never reached. */
const LABEL_SETS_MAX = 100;

/**
 * Keeps the gauges of `loggedFigures` and gives them as one object for each set of labels. CloudWatch would bill each as a metric for
 * the whole month; as fields of a line panels draw them by Logs Insights, which costs when somebody looks.
 */
export class FigureLines {
  readonly #lines = new Map<string, { readonly labels: Labels; readonly figures: Record<string, number> }>();

  /** Ignores other metrics, and what is no number. */
  add(name: string, value: number, labels: Labels): void {
    if (!loggedFigures.has(name) || !Number.isFinite(value)) return;
    const key = JSON.stringify(labels);
    const known = this.#lines.get(key);
    if (known) known.figures[name] = value;
    else if (this.#lines.size < LABEL_SETS_MAX) this.#lines.set(key, { labels, figures: { [name]: value } });
  }

  /** What was added since the last call. */
  take(): readonly Readonly<Record<string, string | number>>[] {
    const lines = [...this.#lines.values()].map(({ labels, figures }) => ({ ...labels, ...figures }));
    this.#lines.clear();
    return lines;
  }
}
