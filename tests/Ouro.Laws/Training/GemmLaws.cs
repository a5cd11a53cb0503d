using Ouro.Laws.Tensors;
using Ouro.Tensors;
using Ouro.Tensors.Gradients;

namespace Ouro.Laws.Training;

[Trait("Category", "Kernels")]
public sealed unsafe class GemmLaws
{
    public static TheoryData<int, int, int> Shapes => new()
    {
        { 1, 1, 1 }, { 8, 48, 256 }, { 7, 47, 255 }, { 9, 49, 257 }, { 130, 16, 3 }, { 3, 200, 600 }, { 300, 100, 17 },
    };

    [Theory, MemberData(nameof(Shapes))]
    public void Every_element_is_the_definition_to_the_last_bit(int m, int n, int k)
    {
        foreach (var (aTurned, bTurned, add, threads) in new[] { (false, false, false, 1), (true, false, true, 2), (false, true, true, 3), (true, true, false, 2) })
        {
            var (a, b, c) = (Samples.Matrix(aTurned ? k : m, aTurned ? m : k, 1), Samples.Matrix(bTurned ? n : k, bTurned ? k : n, 2), Samples.Matrix(m, n, 3));
            var before = Enumerable.Range(0, m).Select(row => c[row].ToArray()).ToArray();
            using var pool = new WorkerPool(threads);

            Gemm.Multiply(pool, View(a, aTurned), View(b, bTurned), c.Pointer, c.Stride, m, n, k, add);

            for (var i = 0; i < m; i++)
            {
                for (var j = 0; j < n; j++)
                {
                    var row = Enumerable.Range(0, k).Select(l => aTurned ? a[l][i] : a[i][l]).ToArray();
                    var column = Enumerable.Range(0, k).Select(l => bTurned ? b[j][l] : b[l][j]).ToArray();
                    c[i][j].ShouldBe(Gemm.Definition(row, column, add ? before[i][j] : 0), $"[{i}, {j}] of {m} x {n} x {k}, turned {aTurned} {bTurned}");
                }

                for (var j = n; j < c.Stride; j++)
                    c.RowPointer(i)[j].ShouldBe(0, "the padding was written to");
            }
        }
    }

    [Fact]
    public void Weights_in_memory_multiply_as_stored_ones_do()
    {
        var (values, rows, result) = (Samples.Matrix(37, 65, 1), new Activations(5, 65), new Matrix(0, 37));
        Samples.Gaussian(5 * 65, 2).Chunk(65).Index().ToList().ForEach(row => row.Item.CopyTo(rows.Values[row.Index]));
        using var pool = new WorkerPool(1);

        new MatrixWeights(values).Multiply(rows, result, pool);

        for (var row = 0; row < 5; row++)
            for (var output = 0; output < 37; output++)
                result[row][output].ShouldBe(Gemm.Definition(rows.Values[row], values[output], 0));
    }

    static MatrixView View(Matrix matrix, bool turned) => turned ? new MatrixView(matrix).Transposed : new MatrixView(matrix);
}
