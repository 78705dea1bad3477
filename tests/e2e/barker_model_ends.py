"""Ways to end in barker_model.World: deadlines, and jobs that give up."""

MAIL = 2


class Ends:
    def op_deadline(self):
        job_id = self.pick()
        job = self.jobs[job_id]
        if not job.clock:
            return
        self.r.zadd(self.key("deadlines"), {job_id: 1}, xx=True)
        self.r.hset(self.key(f"j:{job_id}"), "deadline_ms", 1)
        self.probe()
        self.reap()
        job.clock = False
        unbegun = job.last_load == () and job.state != "claimed"
        self.done["deadline", "over" if job.is_over() else "unbegun" if unbegun else job.state] += 1
        if not job.is_over() and unbegun:
            job.state, job.due, job.wake = "done", "", 0
        elif not job.is_over():
            job.mail += 1
            self.wake(job, MAIL)
            job.due = "now" if job.state == "waiting" else job.due
        self.settle_down()

    def op_near_death(self):
        """As if four workers had died on it: the next one is the last."""
        claimed = [i for i, j in self.jobs.items() if j.state == "claimed"]
        if claimed and self.rng.random() < 0.3:
            job_id = self.rng.choice(claimed)
            job = self.jobs[job_id]
            job.crashes, job.progress_claim = 4, job.progress
            self.r.hset(self.key(f"j:{job_id}"), mapping={"crashes": 4,
                                                         "progress_claim": job.progress})

    def op_dead(self):
        """Only those that gave up are queued again or dropped, once."""
        dead = [i for i, j in self.jobs.items() if j.state == "dead"]
        job_id = self.rng.choice(dead) if dead else self.pick()
        job, what = self.jobs[job_id], self.rng.choice(["retry", "retry", "drop"])
        assert self.s.dead_act(what, job_id, "ann") == (["ok"] if dead else ["not_dead"])
        assert self.s.dead_act("retry", job_id, "ann") == ["not_dead"]
        if not dead:
            return
        self.done["dead", what] += 1
        if what == "drop":
            del self.jobs[job_id]
        else:
            self.requeue(job)
            job.crashes = 0
