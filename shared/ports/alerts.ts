/** Raises an alert row (deduplicated by id, counted); delivery to humans is the notifier's job. */
export interface Alerts {
  raise(alert: {
    /** Same id: same episode, counted. */
    readonly id: string;
    readonly kind: string;
    readonly severity: 'warning' | 'critical';
    readonly exchange: string;
    readonly symbol: string | null;
    readonly message: string;
    readonly detail: Readonly<Record<string, unknown>>;
  }): Promise<void>;
}
