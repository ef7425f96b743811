/* A lock that looks and takes in two steps: both threads can see it free. */
int taken, count;

void thread_1(void) {
  while (taken) {
  }
  taken = 1;
  count = count + 1;
  taken = 0;
}

void thread_2(void) {
  while (taken) {
  }
  taken = 1;
  count = count + 1;
  taken = 0;
}
