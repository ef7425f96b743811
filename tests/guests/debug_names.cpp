// Names as C++ gives them: a member function, a base class, references, a lambda's own function.
namespace shop {

struct Counter {
  long count = 0;
};

struct Till : Counter {
  int drawer = 0;
  __attribute__((noinline)) long add(const int& amount);
};

long Till::add(const int& amount) {
  Till copy = *this;
  copy.count += amount;
  return copy.count + drawer;
}

}  // namespace shop

extern "C" void _start() {
  shop::Till till;
  const int amount = 5;
  volatile long sum = till.add(amount);
  while (sum != 0) sum = sum - 1;
  for (;;) asm volatile("nop");
}
