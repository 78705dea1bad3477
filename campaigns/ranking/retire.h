/* retire.h: which arms lose, and how many new ones a placement wants
 * (guides RANKING §5.6 and §5.15). Pure. */
#ifndef BARKER_CAMPAIGNS_RANKING_RETIRE_H
#define BARKER_CAMPAIGNS_RANKING_RETIRE_H

#include "campaigns/ranking/posterior.h"

struct retire_arm {
    const struct posterior_arm *posterior; /* borrows */
    bool is_control;
    int losing_batches; /* in/out: batches in a row in which the rule held */
    bool retire;        /* out */
};

/* The rule: P(best) < 5 % and loss > 1 % of the leader's mean and trials >=
 * max(min_trials, 20 / level) in two batches running. Never the control, never the
 * leader, and at least two arms stay: the lowest means go first. min_trials 0 = 200.
 * arms in the order that was ranked. */
void retire_judge(struct retire_arm *arms, int count,
                  const struct posterior_result *ranked, int64_t min_trials);

struct retire_plan_input {
    const struct posterior_arm *live; /* arms that stay, control included */
    int live_count, retired;          /* retired: in this batch */
    int wanted;                       /* variants per placement of the spec */
    int64_t horizon, used;            /* traffic; horizon 0 = unknown */
    double level;
    int round, max_rounds;
};
/* How many children to ask for now; 0 = no regeneration. At least one arm retired,
 * rounds left (round < max_rounds), and with a known horizon the expected gain of a
 * fresh arm over the traffic left must exceed one expected success. */
int retire_children(const struct retire_plan_input *in);

/* Prior of a child (RANKING §5.15): mean = level * (1 + half of the parent's shrunk
 * lift over the level), weight = half of m_within. */
void retire_child_prior(const struct posterior_arm *parent, double level,
                        const struct posterior_prior *prior, double *mean,
                        double *weight);

#endif
