// What the page says about numbers and times.

const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

export function bytes(count) {
  let unit = 0;
  while (count >= 1024 && unit < units.length - 1) { count /= 1024; unit++; }
  return `${unit === 0 || count >= 100 ? Math.round(count) : count.toFixed(1)} ${units[unit]}`;
}

export const rate = perSecond => `${bytes(perSecond)}/s`;

export function duration(seconds) {
  seconds = Math.max(0, Math.floor(seconds));
  const minutes = Math.floor(seconds / 60), hours = Math.floor(minutes / 60), days = Math.floor(hours / 24);
  return days > 0 ? `${days} d ${hours % 24} h` : hours > 0 ? `${hours} h ${minutes % 60} min`
    : minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}

export const counted = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;
