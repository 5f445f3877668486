// @ts-check
import uPlot from '/vendor/uplot.js';

const POINTS_MAX = 4000;

/** Tick distance in seconds, format, and what is added where the day or the minute changes: uPlot's own table with 24 hours. */
const TIME_FORMATS = [
  [86_400, '{MM}-{DD}', null, null, null, null, null, null, 1],
  [60, '{HH}:{mm}', '\n{MM}-{DD}', null, '\n{MM}-{DD}', null, null, null, 1],
  [1, ':{ss}', '\n{MM}-{DD} {HH}:{mm}', null, '\n{MM}-{DD} {HH}:{mm}', null, '\n{HH}:{mm}', null, 1],
];

/** Equity over time: history from the API, the newest points from the snapshots. */
export class EquityChart {
  #plot;
  /** @type {Map<number, number>} Seconds → USD. */
  #points = new Map();

  /** @param {HTMLElement} container */
  constructor(container) {
    const axis = { stroke: '#8a96a5', grid: { stroke: '#1a212b', width: 1 }, ticks: { stroke: '#1f2731', width: 1 } };
    this.#plot = new uPlot(
      {
        width: container.clientWidth,
        height: container.clientHeight,
        cursor: { y: false },
        // The label of the first tick is as wide as a date.
        padding: [null, null, null, 34],
        // The platform's times are UTC, like those of the candles.
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
        scales: { y: { range: (_plot, min, max) => padded(min, max) } },
        axes: [
          { ...axis, values: TIME_FORMATS },
          { ...axis, side: 1, size: 74, values: (_plot, ticks) => ticks.map((tick) => tick.toLocaleString('en-US')) },
        ],
        series: [{}, { stroke: '#ff9f1c', width: 1.5, fill: '#ff9f1c1c', points: { show: false } }],
      },
      [[], []],
      container,
    );
    new ResizeObserver(() => {
      this.#plot.setSize({ width: container.clientWidth, height: container.clientHeight });
    }).observe(container);
  }

  /** @param {readonly (readonly [venueTimeMs: number, equityQuote: string, ...rest: unknown[]])[]} points */
  add(points) {
    const before = this.#points.size;
    for (const [venueTimeMs, equityQuote] of points) {
      const equity = Number(equityQuote);
      if (Number.isFinite(equity)) this.#points.set(Math.floor(venueTimeMs / 1000), equity);
    }
    if (this.#points.size === before) return;
    const sorted = [...this.#points].sort((a, b) => a[0] - b[0]).slice(-POINTS_MAX);
    this.#points = new Map(sorted);
    this.#plot.setData([sorted.map(([time]) => time), sorted.map(([, equity]) => equity)]);
  }
}

/** A little room above and below; a flat line lies in the middle. @param {number | null} min @param {number | null} max @returns {[number, number]} */
function padded(min, max) {
  if (min === null || max === null) return [0, 1];
  const room = Math.max((max - min) * 0.1, Math.abs(max) * 0.0005, 0.01);
  return [min - room, max + room];
}
