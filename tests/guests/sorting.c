/* A program whose values never repeat: it fills a table with pseudo-random numbers, sorts it, folds it into a checksum
 * that seeds the next round. */
#include <stdint.h>

enum { SIZE = 256 };

static uint32_t table[SIZE];

static uint64_t next_random(uint64_t* state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return *state >> 33;
}

static void sort(uint32_t* values, int count) {
  int low = 0;
  int high = count - 1;
  if (count < 2) return;
  uint32_t pivot = values[count / 2];
  while (low <= high) {
    while (values[low] < pivot) low++;
    while (values[high] > pivot) high--;
    if (low <= high) {
      uint32_t swapped = values[low];
      values[low++] = values[high];
      values[high--] = swapped;
    }
  }
  sort(values, high + 1);
  sort(values + low, count - low);
}

static uint64_t fold(const uint32_t* values, int count) {
  uint64_t sum = 14695981039346656037u;
  for (int i = 0; i < count; i++) {
    sum ^= values[i];
    sum *= 1099511628211u;
  }
  return sum;
}

int main(void) {
  uint64_t state = 1;
  for (;;) {
    for (int i = 0; i < SIZE; i++) table[i] = (uint32_t)next_random(&state);
    sort(table, SIZE);
    state ^= fold(table, SIZE);
  }
}
