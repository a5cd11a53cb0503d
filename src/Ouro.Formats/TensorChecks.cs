namespace Ouro.Formats;

/// <summary>What both formats demand of the tensors in one file.</summary>
static class TensorChecks
{
    /// <summary>A tensor's bytes end behind the file's.</summary>
    public static ModelFileException Truncated(string path, TensorSpec tensor, long available) => ModelFileException.Incomplete(path,
        $"tensor {tensor.Name.Quoted} needs {tensor.ByteLength:N0} bytes but only {available:N0} are left in the file");

    /// <exception cref="ModelFileException">Two tensors have one name.</exception>
    public static void NamesAreUnique(string path, IReadOnlyList<PlacedTensor> tensors)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var tensor in tensors)
            if (!names.Add(tensor.Spec.Name))
                throw new ModelFileException(path, $"tensor {tensor.Spec.Name.Quoted} occurs twice, so it is not clear which one counts; "
                    + "fetch or convert the file again.");
    }

    /// <exception cref="ModelFileException">Two tensors share bytes.</exception>
    public static void NoneOverlap(string path, IReadOnlyList<PlacedTensor> tensors)
    {
        var byPlace = tensors.Where(tensor => tensor.Spec.ByteLength > 0).OrderBy(tensor => tensor.FileOffset).ToArray();
        foreach (var (one, next) in byPlace.Zip(byPlace.Skip(1)))
            if (next.FileOffset < one.End)
                throw ModelFileException.Damaged(path, $"tensors {one.Spec.Name.Quoted} and {next.Spec.Name.Quoted} share bytes "
                    + $"(the second starts at {next.FileOffset:N0}, the first ends at {one.End:N0})");
    }
}
