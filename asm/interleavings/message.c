/* A message and a flag that says that it is there. Whether the flag synchronises is for the reader to say:
   fiberscope explore message.c --sync ready */
int data, ready, seen;

void thread_1(void) {
  data = 42;
  ready = 1;
}

void thread_2(void) {
  if (ready) seen = data;
}
