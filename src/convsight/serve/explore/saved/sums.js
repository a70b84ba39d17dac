// Numbers as they stand in a formula, and which parts of a sum are shown one by one.

const MOST_PARTS = 16, MOST_TERMS = 9;

// Six digits, without a tail of noughts.
export function written(number) {
  const value = Number(number.toPrecision(6));
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value < 0 ? "-inf" : "inf";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e6)) {
    return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
  }
  return String(value + 0);
}

export const total = (values) => values.reduce((sum, value) => sum + value, 0);

// The places of those that add or take most; of equals the first.
export function strongestFirst(sums) {
  return sums.map((_, place) => place).sort((a, b) => Math.abs(sums[b]) - Math.abs(sums[a])).slice(0, MOST_PARTS);
}

export function others(sums, shown) {
  return { count: sums.length - shown.length, sum: total(sums) - total(shown.map((place) => sums[place])) };
}

// A sum of products: the first few terms at `shown`, the rest by a word.
export function products(values, weights, shown, bias, sum) {
  const terms = shown.slice(0, MOST_TERMS).map((n) => `${written(values[n])}*${written(weights[n])}`);
  if (values.length > terms.length) terms.push(`${values.length - terms.length} more`);
  if (bias !== null) terms.push(`${written(bias)} (bias)`);
  return `${terms.join(" + ") || "0"} = ${written(sum)}`;
}

export function list(values, between = ", ") {
  const more = values.length > MOST_TERMS ? [`${values.length - MOST_TERMS} more`] : [];
  return [...values.slice(0, MOST_TERMS).map(written), ...more].join(between);
}
