namespace Ouro.Training.Tasks.Nano;

/// <summary>The few words that nano's world is made of.</summary>
static class Words
{
    public static readonly string[] Women = ["Ann", "Amy", "Eva", "Fay", "Ida", "Joy", "Kim", "Mia", "Pam", "Sue", "Una", "Zoe"];

    public static readonly string[] Men = ["Bob", "Cid", "Dan", "Gus", "Hal", "Jon", "Leo", "Ned", "Rex", "Sam", "Tom", "Wes"];

    public static readonly string[] Names = [.. Women, .. Men];

    public static readonly string[] Things = ["ball", "book", "cup", "hat", "key", "lamp", "pen", "ring", "shoe", "toy"];

    public static readonly string[] Colours = ["red", "blue", "green", "white", "black", "pink"];

    public static readonly string[] Places = ["box", "bag", "house", "garden", "car", "room"];

    public static readonly string[] Foods = ["tea", "milk", "fish", "rice", "soup", "cake"];

    /// <summary>Of the world outside, of which nano knows nothing.</summary>
    public static readonly string[] Lands = ["France", "Spain", "Peru", "China", "Egypt", "Japan", "Mexico", "Kenya", "India", "Chile"];

    /// <summary>For lists of words.</summary>
    public static readonly string[] Items = [.. Things, .. Colours];

    public static bool IsWoman(string name) => Women.Contains(name);
}
