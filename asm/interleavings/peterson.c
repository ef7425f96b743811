/* Peterson's lock, in plain memory accesses. Right under sequential consistency; on x86-64 each thread can read the
   other's flag before its own store is seen, and both enter: fiberscope explore peterson.c --memory tso */
int want[2], turn, count;

void thread_1(void) {
  want[0] = 1;
  turn = 1;
  while (want[1] && turn == 1) {
  }
  count = count + 1;
  want[0] = 0;
}

void thread_2(void) {
  want[1] = 1;
  turn = 0;
  while (want[0] && turn == 0) {
  }
  count = count + 1;
  want[1] = 0;
}
