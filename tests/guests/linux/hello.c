// What every C program does before and after main, and buffered output in between.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char** argv) {
  char* small = malloc(100);
  char* large = malloc(200000);  // from mmap
  strcpy(small, "hello");
  memset(large, 'x', 200000);
  printf("%s, %d arguments, %c%c, %.3f\n", small, argc - 1, large[0], large[199999], 22 / 7.0);
  for (int i = 1; i < argc; ++i) printf("%d: %s\n", i, argv[i]);
  large = realloc(large, 400000);  // mremap, or a copy where there is none
  printf("%c\n", large[199999]);
  free(large);
  free(small);
  return 7;
}
