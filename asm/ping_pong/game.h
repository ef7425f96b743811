/* A game of ping-pong that knows nothing of what lies below it: two players hit the ball in turn, and each lets the
 * other play by calling pass_turn. One program links it with threads in user space, the other one with a kernel. */
#ifndef FIBERSCOPE_ASM_PING_PONG_GAME_H
#define FIBERSCOPE_ASM_PING_PONG_GAME_H

#include <stdint.h>

enum { ROUNDS = 6 };

struct player {
  const char* sound; /* five characters, a blank first */
  uint64_t hits;     /* made so far */
};

extern struct player ping_player, pong_player;

/* Both count what passing the turn has cost so far. */
extern uint64_t switches;       /* turns passed, each of them a switch */
extern uint64_t kernel_entries; /* times that a kernel was entered; supplied by the program */
extern uint64_t bytes_moved;    /* of context: written and read by the routines that save and restore registers */

/* The whole game of one player: ROUNDS times a hit, then pass_turn. Returns the number of hits. */
uint64_t play(struct player* player);

/* Begins the line that the players print. */
void begin_game(void);

/* Ends that line and keeps the numbers for the report. Exit code: 0 where both players did their part. */
int end_game(void);

/* Supplied by the program: the other player runs until it passes the turn back. */
void pass_turn(void);

#endif
