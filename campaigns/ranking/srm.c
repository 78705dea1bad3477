/* srm.c: expected counts, pooling, and the tail of the chi-square. */
#include "campaigns/ranking/srm.h"

#include <math.h>

enum err srm_add(struct srm_arm *arms, int count, const int64_t *observed,
                 const double *shares)
{
    double sum = 0, total = 0;
    if (count < 1 || count > POSTERIOR_ARMS_MAX)
        return ERR_OUT_OF_RANGE;
    for (int k = 0; k < count; k++) {
        if (observed[k] < 0 || !(shares[k] >= 0))
            return ERR_OUT_OF_RANGE;
        sum += shares[k];
        total += (double)observed[k];
    }
    if (!(sum > 0) || !isfinite(sum))
        return ERR_OUT_OF_RANGE;
    for (int k = 0; k < count; k++) {
        arms[k].observed += observed[k];
        arms[k].expected += total * (shares[k] / sum);
    }
    return ERR_OK;
}

double srm_tail(double x, int freedom)
{
    if (!(x > 0))
        return 1;
    bool odd = freedom % 2;
    double half = x / 2, j = odd ? 0.5 : 0, sum = odd ? erfc(sqrt(half)) : 0;
    double term = exp(-half) * (odd ? 2 * sqrt(half / M_PI) : 1);
    /* terms exp(-x/2) (x/2)^j / Gamma(j + 1), j whole or half, below freedom / 2 */
    for (int i = 0; i < freedom / 2; i++) {
        sum += term;
        j += 1;
        term *= half / j;
    }
    return fmin(1, sum);
}

struct cells {
    double observed[POSTERIOR_ARMS_MAX], expected[POSTERIOR_ARMS_MAX];
    int count;
};

static void cell_add(struct cells *cells, double observed, double expected)
{
    cells->observed[cells->count] = observed;
    cells->expected[cells->count++] = expected;
}

/* Large arms are cells of their own, the small ones share one. */
static void cells_fill(struct cells *cells, const struct srm_arm *arms, int count)
{
    double observed = 0, expected = 0;
    int least = 0;
    for (int k = 0; k < count; k++) {
        if (arms[k].expected >= SRM_EXPECTED_MIN) {
            cell_add(cells, (double)arms[k].observed, arms[k].expected);
        } else {
            observed += (double)arms[k].observed;
            expected += arms[k].expected;
        }
    }
    if (expected >= SRM_EXPECTED_MIN) {
        cell_add(cells, observed, expected);
        return;
    }
    for (int i = 1; i < cells->count; i++)
        least = cells->expected[i] < cells->expected[least] ? i : least;
    cells->observed[least] += observed;
    cells->expected[least] += expected;
}

static int worst_of(const struct srm_arm *arms, int count)
{
    int worst = -1;
    double most = 0;
    for (int k = 0; k < count; k++) {
        double off = (double)arms[k].observed - arms[k].expected;
        double part = off == 0 ? 0 : off * off / fmax(arms[k].expected, 1e-9);
        if (part > most) {
            most = part;
            worst = k;
        }
    }
    return worst;
}

struct srm_result srm_judge(const struct srm_arm *arms, int count)
{
    struct srm_result out = {.p = 1, .worst = worst_of(arms, count)};
    struct cells cells = {.count = 0};
    cells_fill(&cells, arms, count);
    if (cells.count < 2)
        return out;
    for (int i = 0; i < cells.count; i++) {
        double off = cells.observed[i] - cells.expected[i];
        out.chi_square += off * off / cells.expected[i];
    }
    out.freedom = cells.count - 1;
    out.tested = true;
    out.p = srm_tail(out.chi_square, out.freedom);
    out.alarm = out.p < SRM_ALARM;
    return out;
}
