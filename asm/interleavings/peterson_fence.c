/* Peterson's lock with the fence that x86-64 needs: own stores are seen before the other's flag is read. */
int want[2], turn, count;

void thread_1(void) {
  want[0] = 1;
  turn = 1;
  __asm__ volatile("mfence" ::: "memory");
  while (want[1] && turn == 1) {
  }
  count = count + 1;
  want[0] = 0;
}

void thread_2(void) {
  want[1] = 1;
  turn = 0;
  __asm__ volatile("mfence" ::: "memory");
  while (want[0] && turn == 0) {
  }
  count = count + 1;
  want[1] = 0;
}
