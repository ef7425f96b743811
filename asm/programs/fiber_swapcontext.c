/* Two trees of different shape, and one question: do they hold the same leaves in the same order? A fiber walks down
 * each tree and yields in the depth of its recursion, a leaf at a time; main compares them as they come, with no list
 * of leaves anywhere. The place in the tree where a walk stands is its chain of calls, which waits on the fiber's
 * stack. */
#include "asm/fibers/fiber.h"
#include "asm/runtime/console.h"

struct node {
  const struct node* left; /* NULL: a leaf */
  const struct node* right;
  uint64_t leaf;
};

#define LEAF(value) (&(const struct node){NULL, NULL, value})
#define NODE(left, right) (&(const struct node){left, right, 0})

/* ((3 1) (4 (1 5))) and (3 ((1 4) (1 5))) */
static const struct node* const bushy = NODE(NODE(LEAF(3), LEAF(1)), NODE(LEAF(4), NODE(LEAF(1), LEAF(5))));
static const struct node* const slanted = NODE(LEAF(3), NODE(NODE(LEAF(1), LEAF(4)), NODE(LEAF(1), LEAF(5))));

enum { LEAVES = 5 };

struct report {
  uint64_t same;
  uint64_t yielded_by_bushy;
  uint64_t yielded_by_slanted;
};

struct report report PLATFORM_REPORT;

/* `register` keeps a local in rbx even without optimization, in every one of the nested calls: the switch must save it.
 */
static uint64_t walk(const struct node* node) {
  register uint64_t leaves = 0;
  if (node->left == NULL) {
    fiber_yield(node->leaf);
    return 1;
  }
  leaves += walk(node->left);
  leaves += walk(node->right);
  return leaves;
}

static void* walk_tree(void* argument) {
  const struct node* root = argument;
  return (void*)walk(root);
}

static uint64_t compare_leaves(struct tcb* one, struct tcb* other) {
  register uint64_t same = 0;
  for (uint64_t place = 0; place < LEAVES; place += 1) {
    uint64_t left = fiber_resume(one);
    uint64_t right = fiber_resume(other);
    print_number(left);
    print(" ");
    print_number(right);
    print("\n");
    if (left == right) same += 1;
  }
  return same;
}

static void compare_trees(void) {
  struct tcb* one = fiber_create("bushy", walk_tree, (void*)bushy);
  struct tcb* other = fiber_create("slanted", walk_tree, (void*)slanted);
  report.same = compare_leaves(one, other);
  report.yielded_by_bushy = fiber_resume(one);
  report.yielded_by_slanted = fiber_resume(other);
}

int main(void) {
  compare_trees();
  print_number(report.same);
  print(" leaves are the same\n");
  return report.same == LEAVES ? 0 : 1;
}
