/** A piece of work with a name. On AWS a segment of a trace; locally a duration. */
export interface Tracer {
  /** Runs `work` inside the span; its result or its error is passed on. `annotations` are searchable: ids and codes. */
  span<T>(name: string, annotations: Readonly<Record<string, string>>, work: () => Promise<T>): Promise<T>;
}
