import { HttpError } from './http-error.ts';

/** Names one page among those of a start; what comes without it shares one name. */
export const PAGE_HEADER = 'x-3t-page';
const NAME_CHARS_MAX = 64;

/** The places of those who listen to events. */
export interface EventPlaces {
  /**
   * A place until `leave`; its signal says when it was given away. Each client has one: a page that asks again, because it lost its
   * connection before we noticed, takes the place of its former stream and no other. Throws a coded 503 when all are taken by others.
   */
  take(client: string | undefined): { readonly signal: AbortSignal; leave(): void };
}

export function eventPlaces(placesMax: number): EventPlaces {
  const taken = new Map<string, AbortController>();
  return {
    take(client) {
      const name = (client ?? '').slice(0, NAME_CHARS_MAX);
      const former = taken.get(name);
      if (!former && taken.size >= placesMax) {
        throw new HttpError(503, 'too-many-clients', `${taken.size} clients are listening already`, {
          clients: taken.size,
        });
      }
      former?.abort();
      const place = new AbortController();
      taken.set(name, place);
      const leave = (): void => {
        place.abort();
        if (taken.get(name) === place) taken.delete(name);
      };
      return { signal: place.signal, leave };
    },
  };
}
