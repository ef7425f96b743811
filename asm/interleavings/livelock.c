/* Each waits for the other to begin: steps go on for ever, and nobody gets anywhere. */
int go[2];

void thread_1(void) {
  while (go[1] == 0) {
  }
  go[0] = 1;
}

void thread_2(void) {
  while (go[0] == 0) {
  }
  go[1] = 1;
}
