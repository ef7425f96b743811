/* The chain of frames that every function builds with `push rbp` and `mov rsp, rbp`, followed and changed by hand. */
#ifndef FIBERSCOPE_ASM_FIBERS_CHAIN_H
#define FIBERSCOPE_ASM_FIBERS_CHAIN_H

#include <stddef.h>
#include <stdint.h>

/* What rbp points at. */
struct chain_frame {
  struct chain_frame* caller; /* the saved rbp */
  uint64_t return_address;
};

_Static_assert(offsetof(struct chain_frame, return_address) == 8, "chain.S: the return address lies right above");

/* From a frame up through each saved rbp to the frame `head`, which it returns. Adds the links it followed to *links.
 */
struct chain_frame* chain_follow(struct chain_frame* frame, struct chain_frame* head, uint64_t* links);

/* Lets the function of this frame return to another place than its caller. */
void chain_redirect(struct chain_frame* frame, uint64_t place);

#endif
