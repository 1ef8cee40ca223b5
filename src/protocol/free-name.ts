/** Finds a name that is free among any number of taken ones, in a constant number of look-ups. */

/** The numbers that are looked up together first: the small ones, as users expect them, then each twice as large. */
const FIRST_NUMBERS: readonly number[] = [
  ...Array.from({ length: 32 }, (_, index) => index + 1),
  ...Array.from({ length: 12 }, (_, index) => 64 * 2 ** index),
]
const NUMBERS_AT_ONCE = 64

/**
 * Returns a free name: the lowest number up to 32, else one above a number that is taken. Returns `undefined` if all numbers of the
 * first look-up are taken, which does not happen by chance.
 *
 * Trying one number after the other would cost as many statements as there are users with the name. Instead, the gap below a free
 * number is divided by 64 with each look-up, so four look-ups always suffice.
 */
export async function findFreeName(
  numbered: (number: number) => string,
  findTaken: (names: readonly string[]) => Promise<ReadonlySet<string>>,
): Promise<string | undefined> {
  let numbers = FIRST_NUMBERS
  let below = 0
  for (;;) {
    const taken = await findTaken(numbers.map(numbered))
    const index = numbers.findIndex((number) => !taken.has(numbered(number)))
    const free = numbers[index]
    if (free === undefined) return undefined
    below = numbers[index - 1] ?? below
    if (free - below <= 1) return numbered(free)
    numbers = numbersBetween(below, free)
  }
}

/** The result ends with `free`, which is known to be free: so each round finds a free number. */
function numbersBetween(below: number, free: number): readonly number[] {
  const step = Math.ceil((free - below) / NUMBERS_AT_ONCE)
  const numbers: number[] = []
  for (let number = below + step; number < free; number += step) numbers.push(number)
  return [...numbers, free]
}
