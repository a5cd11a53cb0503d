using System.Diagnostics;
using System.Runtime.Intrinsics;

namespace Ouro.Benchmarks;

/// <summary>How many multiply-adds of single precision this machine does when nothing has to be read.</summary>
static class MultiplyAddRate
{
    const int Steps = 1 << 22;
    const int Chains = 16;

    /// <summary>Multiply-adds a second of all threads together: the best of many short runs.</summary>
    public static double Best(int threads, TimeSpan time)
    {
        var best = 0.0;
        var sums = new float[threads];
        var started = Stopwatch.GetTimestamp();
        while (best == 0 || Stopwatch.GetElapsedTime(started) < time)
        {
            var began = Stopwatch.GetTimestamp();
            Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, thread => sums[thread] = Vector512.IsHardwareAccelerated ? Wide(thread) : Narrow(thread));
            var lanes = Vector512.IsHardwareAccelerated ? Vector512<float>.Count : Vector256<float>.Count;
            best = Math.Max(best, (double)threads * Steps * Chains * lanes / Stopwatch.GetElapsedTime(began).TotalSeconds);
        }

        return best;
    }

    static float Wide(float start)
    {
        var (x, y) = (Vector512.Create(0.999f), Vector512.Create(start));
        Vector512<float> a = y, b = y, c = y, d = y, e = y, f = y, g = y, h = y, i = y, j = y, k = y, l = y, m = y, n = y, o = y, p = y;
        for (var step = 0; step < Steps; step++)
        {
            (a, b, c, d) = (Vector512.FusedMultiplyAdd(a, x, y), Vector512.FusedMultiplyAdd(b, x, y), Vector512.FusedMultiplyAdd(c, x, y), Vector512.FusedMultiplyAdd(d, x, y));
            (e, f, g, h) = (Vector512.FusedMultiplyAdd(e, x, y), Vector512.FusedMultiplyAdd(f, x, y), Vector512.FusedMultiplyAdd(g, x, y), Vector512.FusedMultiplyAdd(h, x, y));
            (i, j, k, l) = (Vector512.FusedMultiplyAdd(i, x, y), Vector512.FusedMultiplyAdd(j, x, y), Vector512.FusedMultiplyAdd(k, x, y), Vector512.FusedMultiplyAdd(l, x, y));
            (m, n, o, p) = (Vector512.FusedMultiplyAdd(m, x, y), Vector512.FusedMultiplyAdd(n, x, y), Vector512.FusedMultiplyAdd(o, x, y), Vector512.FusedMultiplyAdd(p, x, y));
        }

        return Vector512.Sum(a + b + c + d + e + f + g + h + i + j + k + l + m + n + o + p);
    }

    /// <summary>With 16 registers, the two constants leave room for fewer chains: two rounds of eight.</summary>
    static float Narrow(float start)
    {
        var (x, y) = (Vector256.Create(0.999f), Vector256.Create(start));
        Vector256<float> a = y, b = y, c = y, d = y, e = y, f = y, g = y, h = y;
        for (var step = 0; step < Steps * (Chains / 8); step++)
        {
            (a, b, c, d) = (Vector256.FusedMultiplyAdd(a, x, y), Vector256.FusedMultiplyAdd(b, x, y), Vector256.FusedMultiplyAdd(c, x, y), Vector256.FusedMultiplyAdd(d, x, y));
            (e, f, g, h) = (Vector256.FusedMultiplyAdd(e, x, y), Vector256.FusedMultiplyAdd(f, x, y), Vector256.FusedMultiplyAdd(g, x, y), Vector256.FusedMultiplyAdd(h, x, y));
        }

        return Vector256.Sum(a + b + c + d + e + f + g + h);
    }
}
