/* A ticket lock: `lock xadd` draws a number, and each waits until it is served. */
int next, serving, count;

static void enter(void) {
  const int ticket = __atomic_fetch_add(&next, 1, __ATOMIC_SEQ_CST);
  while (serving != ticket) __builtin_ia32_pause();
}

static void leave(void) {
  serving = serving + 1;
}

void thread_1(void) {
  enter();
  count = count + 1;
  leave();
}

void thread_2(void) {
  enter();
  count = count + 1;
  leave();
}
