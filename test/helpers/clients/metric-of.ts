// A single metric of a running promfed.

/** @param name the name and labels, as `/metrics` prints them. Returns NaN for one that is missing. */
export async function metricOf({ url }: { readonly url: string }, name: string): Promise<number> {
  const text = await (await fetch(`${url}metrics`)).text();
  const line = text.split('\n').find((one) => one.startsWith(`${name} `));
  return Number(line?.slice(name.length + 1) ?? NaN);
}
